"""Tables from files: .csv, .npz, .h5ad and .parquet, checked before anything is read."""
