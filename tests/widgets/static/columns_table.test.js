import { ColumnsTable } from "../../../widgets/static/columns_table.js";
import { equal, standIn, test } from "./harness.js";

test("the list of roles that was used keeps the keyboard's focus when the table is read again", () => {
  /** @param {string} role */
  const columns = (role) =>
    ["a", "b"].map((name) => ({ name, type: "number", role, reason: "", missing: 0, distinct: 2, first: ["1"] }));
  /** @type {Record<string, unknown>} */
  const values = {
    rows: columns("feature"),
    more: 0,
    missing: "",
    turned: false,
    others: "",
    roles: ["feature", "id"],
  };
  const model = standIn({ get: (/** @type {string} */ name) => values[name], send: () => {} });
  const el = document.createElement("div");
  document.body.append(el);
  const table = new ColumnsTable(model, el);
  /** @type {HTMLSelectElement} */ (el.querySelectorAll("tbody select")[1]).focus();
  values.rows = columns("id");
  table.show();
  equal([document.activeElement?.ariaLabel, table.body.querySelectorAll("select")[1].value], ["Use b as", "id"]);
  el.remove();
});
