// The shapes of what travels between Python and the page, and of what the charts hand to each other. Types only: nothing here reaches the browser.

import type { FrameChannel } from "./bus.js";
import type { Store } from "./frames.js";
import type { VegaView } from "./vega_view.js";

// columns ---------------------------------------------------------------------------------------------------------------------

/** One column of numbers; of a table, `width` is the length of a row. */
export type Column = (Float32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>) & { width?: number };
export type Columns = Record<string, Column>;
/** Numbers in an order: a column, or a list. */
export type Numbers = ArrayLike<number>;

// frames (widgets/wire/packing.py) ----------------------------------------------------------------------------------------------

/** Name, type, shape and the place of the first byte in the frame's buffer. */
export type ColumnDescription = [name: string, type: "u1" | "f4", shape: number[], at: number];
/** Which columns of a line are x, y and the number of the series. */
export type LineMode = { x: string; y: string; by: string | null };
/** One change to one dataset of one chart. */
export type Part =
  & { chart: string; data: string; columns?: ColumnDescription[] }
  & (
    | { op: "append"; mode: LineMode }
    | { op: "replace" | "static" | "clear"; mode?: undefined }
  );
/** Everything that happened to the charts since the last frame; `messages` name their buffers by number. */
export interface Frame {
  kind: "frame";
  frame: number;
  full: boolean;
  parts: Part[];
  messages: [message: Message, buffers: number[]][];
}

// messages of the latent space (widgets/painting/latent_painter.py) ----------------------------------------------------------

/** What the decoder makes of a regular n × n grid of places; with `names`, of a table's features. */
export type GridMessage = {
  kind: "grid";
  chart: string;
  n: number;
  low: number[];
  high: number[];
  shape: number[];
} & (FeatureTable | { names?: undefined });
/** What the decoder makes of the stops of a walk. */
export interface StripMessage {
  kind: "strip";
  chart: string;
  count: number;
  shape: number[];
  walk: Walk;
  dimension?: number;
}
/** The rows that are selected. */
export interface SelectionMessage {
  kind: "selection";
  chart: string;
}
/** The answer to the question with this number. */
export interface DecodedMessage {
  kind: "decoded";
  chart: string;
  id: number;
}
export type Message = GridMessage | StripMessage | SelectionMessage | DecodedMessage;

/** A table's features as the card shows them; `counts` says whether they are counts. */
export interface FeatureTable {
  names: string[];
  counts: boolean;
  average: number[];
  spread: number[];
  least: number;
  /** Of each class that has any: its number and the names of the features that mark it. */
  markers: [label: number, names: string[]][];
}

export type Walk = "path" | "draws" | "dimension";
/** Decoded vectors of `size` numbers at n × n places, x fastest. */
export interface Grid {
  n: number;
  low: number[];
  high: number[];
  shape: number[];
  size: number;
  values: Float32Array;
}
export interface Strip {
  walk: Walk;
  count: number;
  dimension?: number;
  shape: number[];
  values: Float32Array;
  places: Float32Array;
}
/** A place of the latent space; `row` is the data point that is meant, or −1. */
export interface Place {
  x: number;
  y: number;
  row: number;
}
export type Decode = (x: number, y: number) => Float32Array;
/** The card's picture: where it is drawn and what it is to show. */
export interface Sheet {
  context: CanvasRenderingContext2D;
  width: number;
  height: number;
  grid: Grid;
  strip: Strip | null;
  /** The place that is pointed at. */
  where: Place | null;
  decode: Decode;
  /** The rows that are selected. */
  chosen: Set<number>;
}

// the host ---------------------------------------------------------------------------------------------------------------------

/** anywidget's model of one widget: the values that Python and the page share, and their messages. */
export interface Model<Values> {
  get<Name extends keyof Values>(name: Name): Values[Name];
  set(name: string, value: number): void;
  send(content: object): void;
  on(kind: "msg:custom", act: (content: Frame | PageMessage | null, buffers: DataView<ArrayBuffer>[]) => void): void;
  on(kind: string, act: () => void): void;
  off(kind: string, act: () => void): void;
  widget_manager?: unknown;
}
/** What anywidget passes to `initialize` and `render`. */
export interface Started<Values> {
  model: Model<Values>;
  signal: AbortSignal;
}
export interface Shown<Values> extends Started<Values> {
  el: HTMLElement;
  host: Host;
}
/** Finds another widget by its reference. */
export interface Host {
  getWidget(reference: string): Promise<{ exports: BusExports }>;
}
/** What draws a chart in its place; each knows the specification of its own charts. */
export type Drawing = { draw(shown: Shown<ChartValues<unknown>>, channel: FrameChannel): unknown }["draw"];
/** What the page's bus gives to charts. */
export interface BusExports {
  channel: FrameChannel;
  drawings: Record<string, Drawing>;
}
/** One of Jupyter's signals. */
export interface Signal<Value> {
  connect?(act: (sender: unknown, value: Value) => void): void;
  disconnect?(act: (sender: unknown, value: Value) => void): void;
}
/** The connection to a kernel, as JupyterLab and Voilà have it. */
export interface Kernel {
  statusChanged?: Signal<string>;
  connectionStatusChanged?: Signal<string>;
  disposed?: Signal<void>;
}
export interface WidgetManager {
  kernel?: Kernel;
  _kernel?: Kernel;
  context?: { sessionContext?: { session?: { kernel?: Kernel } } };
}
export type PageMessage =
  | { kind: "pong"; client: string }
  | { kind: "copy"; text: string }
  | {
    kind: "file";
  } & FilePiece
  | {
    kind: "qr";
    text: string;
    rows: string[];
  }
  | SavedFile;
/** A piece of a file that the page saves (widgets/screen/replay_bar.py). */
export interface FilePiece {
  name: string;
  /** Its first byte in the file. */
  begin: number;
  /** The bytes of the file. */
  size: number;
}
export interface SavedFile {
  kind: "save";
  name: string;
  text: string;
}

/** Values of the page's invisible widget (widgets/screen/page.py). */
export interface PageValues {
  root: string;
  banner: string;
  remedies: { reload: string; rerun: string };
  run_id: string;
  text: string;
  announce: string;
}
/** Values of the bus (widgets/wire/bus.py). */
export interface BusValues {
  bundle: DataView<ArrayBuffer>;
  /** The steps that are enlarged, two numbers; empty: all. */
  window: number[];
}
/** One run of the table (`row_of` in widgets/words/run_rows.py). */
export interface RunRow {
  /** Rises with the time at which the run was started. */
  id: string;
  /** The user's own name for it. */
  name: string;
  scene: string;
  /** What differs from the scene's settings. */
  changes: string;
  /** What its nats are nats of. */
  measure: string;
  seed: number | null;
  step: number;
  stop: number | null;
  /** Nats per data point. */
  score: number | null;
  /** Heights of the ELBO's curve, 0 to 100. */
  spark: number[];
  when: string;
  date: string;
  pinned: boolean;
  /** Why it cannot be read. */
  fault: string;
}
/** Two runs side by side (`side_by_side` in widgets/words/run_rows.py). */
export interface RunComparison {
  ids: string[];
  names: string[];
  comparable: boolean;
  /** What the setting or the result is called, and its two values. */
  settings: string[][];
  results: string[][];
  elbo: Pair[][];
  variance: Pair[][];
}
/** A panel as tables (`tabulated` in widgets/words/tables.py). */
export interface PanelTable {
  chart: string;
  title: string;
  summary: string;
  /** Why there is no table. */
  empty: string;
  parts: { name: string; heads: string[]; unit: string; rows: string[][]; total: number }[];
}
/** Values of the panels' tables (widgets/screen/panel_tables.py). */
export interface TablesValues {
  tables: PanelTable[];
}
/** Values of the code (widgets/screen/code_view.py). */
export interface CodeValues {
  /** Kind and text of each piece. */
  pieces: string[][];
  label: string;
}
/** A step of the tour (widgets/words/help_words.py). */
export interface TourStep {
  /** Selectors of the part that is meant, the first that is found counting. */
  at: string[];
  /** The words of a control's label, where the part is a control. */
  label?: string;
  head: string;
  words: string;
}
/** What a panel shows, in its chart's words. */
export interface PanelWords {
  letter: string;
  title: string;
  shows: string;
  axes: string;
  reading: string;
}
/** Values of the help (widgets/screen/help_view.py). */
export interface HelpValues {
  tour: TourStep[];
  panels: PanelWords[];
  shortcuts: string[][];
  notes: string[];
}
/** Values of the table of runs (widgets/screen/runs_table.py). */
export interface RunsValues {
  rows: RunRow[];
  current: string;
  measure: string;
  overlaid: string[];
  deleted: number;
  comparison: RunComparison | Record<string, never>;
}
/** A column of the user's own table (models/reading/contents.py). */
export interface OwnColumn {
  name: string;
  type: string;
  role: string;
  reason: string;
  missing: number;
  distinct: number;
  first: string[];
}
/** Values of the table of columns (widgets/screen/columns_table.py). */
export interface ColumnsValues {
  rows: OwnColumn[];
  roles: string[];
  more: number;
  missing: string;
  /** The role of all columns without a chosen one; empty: each has its own. */
  others: string;
  /** Whether a run standardises the values, "on" or "off"; empty: there is nothing to standardise. */
  standardised: string;
  turned: boolean;
}
/** Values of the replay's slider (widgets/screen/replay_bar.py). */
export interface ReplayValues {
  /** The steps that can be shown, in order. */
  steps: number[];
  /** The step that is shown; −1: the newest one. */
  shown: number;
  changes: [step: number, words: string][];
  words: string;
  /** Whether it is the finished run that a scene opens with. */
  recorded?: boolean;
  /** How far the page to be saved is, or its steps and size once it is ready; undefined where none can be saved. */
  page?: string;
  ready?: boolean;
  /** Steps a second at speed 1. */
  pace: number;
}
/** One estimator in panel B's legend (widgets/words/estimator_words.py). */
export interface LegendRow {
  name: string;
  label: string;
  group: string;
  color: string;
  ink: string;
  /** What its curve lights with. */
  light: string;
  dash: number[];
  notes: string[];
  /** Why it does not apply now; empty if it does. */
  reason: string;
  /** It cannot be ticked. */
  never: boolean;
  /** It has no tick box. */
  fixed: boolean;
  help: string;
  /** MathML. */
  formula: string;
  source: string;
}
/** What a row shows of its measurement. */
export interface LegendMultiple {
  text: string;
  range: string;
  close: boolean;
  says: string;
}
/** Values of panel B's legend (widgets/screen/estimator_legend.py). */
export interface LegendValues {
  rows: LegendRow[];
  multiples: Record<string, LegendMultiple>;
  ticked: string[];
  active: string;
  measure: string;
  measures: [name: string, words: string][];
  most: number;
  dark: Record<string, string>;
}
/** Values of the caption (widgets/screen/caption.py); without a subject there is no headline. */
export interface CaptionValues {
  shown: {
    subject?: string;
    /** The words between subject and number. */
    lead?: string;
    number?: string;
    rest?: string;
    /** The colour of subject and number on a light page, and on a dark one. */
    light?: string;
    dark?: string;
    sentence?: string;
  };
}
/** Values of the status (widgets/screen/status.py): words by chip, and the part of the run that is done. */
export interface StatusValues {
  chips: {
    state?: string;
    step?: string;
    rate?: string;
    elbo?: string;
    seed?: string;
    saved?: string;
    progress?: number;
  };
}
/** One part of the architecture that a click changes (widgets/screen/architecture.py). */
export interface Offer {
  name: string;
  label: string;
  help: string;
  words: string;
  value: number | boolean | string;
  less: number | null;
  more: number | null;
  options: [label: string, name: string][];
  reason: string;
}
/** A scene in the gallery, with the SVG of its picture. */
export interface SceneCard {
  name: string;
  picture: string;
  label: string;
  goal: string;
  minutes: number;
  difficulty: string;
}
/** A chapter of the lecture notes with its scenes. */
export interface SceneGroup {
  title: string;
  scenes: SceneCard[];
}
/** Values of the gallery (widgets/screen/gallery.py). */
export interface GalleryValues {
  groups: SceneGroup[];
  scene: string;
}
/** Values of a chart (widgets/screen/live_chart.py). */
export interface ChartValues<Meta = ChartMeta> {
  name: string;
  bus: string;
  /** Which of the bus's drawings it is. */
  drawing: string;
  spec: Specification<Meta>;
  params: Params | null;
  labels: string[];
  summary: string;
  heading: string;
  waiting: string;
  height: string;
  /** Of the drawing of a network: what a click on it changes. */
  offers?: Offer[];
}

// charts (widgets/charts) --------------------------------------------------------------------------------------------------------

/** Named parameters: of the specification's own, and what the drawings beside Vega need. */
export interface Params {
  active?: number;
  axes?: [number, number];
  colour?: number[];
  /** The step that replay shows; −1: the newest one. */
  cut?: number;
  domain?: number[];
  factor?: number[];
  frozen?: boolean;
  held?: boolean;
  principal?: number;
  run?: number;
  scores?: number[];
  shape?: number[];
  side?: number;
  size?: number;
  xHigh?: number;
  xLow?: number;
  yHigh?: number;
  yLow?: number;
  xi?: number;
  [name: string]: number | boolean | number[] | undefined;
}
/** A Vega-Lite specification with what our own code must know of the chart. */
export interface Specification<Meta = ChartMeta> {
  usermeta: Meta;
  [part: string]: unknown;
}
export interface ChartMeta {
  title: string;
  padding: Padding;
  dark: Record<string, string>;
  datasets: Record<string, DatasetMeta>;
  series?: SeriesMeta[];
  classes?: string[];
  square?: boolean;
  card?: boolean;
  manifold?: boolean;
  plain?: boolean;
  drag?: DragMeta;
  cells?: { empty: string };
  x: AxisMeta;
  y: AxisMeta;
}
export interface Padding {
  left: number;
  right: number;
  top: number;
  bottom: number;
}
/** How a dataset is drawn: `beside` the data that count as content, `words` a column of places in the list of labels. */
export interface DatasetMeta {
  mode: "lines" | "cloud" | "bars" | "ends";
  beside?: boolean;
  fields?: string[];
  words?: string;
  x?: string;
  y?: string;
  by?: string;
  band?: [low: string, high: string];
  /** From this value on the upper end of a band is not known. */
  open?: number;
}
export interface SeriesMeta {
  label: string;
  color: string;
  ink: string;
  /** The parameter that shows this series. */
  when: string | null;
  /** The name of its term in formulas. */
  light?: string;
}
export interface AxisMeta {
  scale?: "linear" | "log";
  /** The column of places beside each other, of an axis without numbers. */
  band?: string;
  /** Charts whose axes of x zoom together. */
  zoom?: string;
  word?: string;
  least?: number;
  robust?: boolean;
}
/** A number that is dragged along a curve. */
export interface DragMeta {
  curve: string;
  x: string;
  y: string;
  word: string;
}
/** Title and colours of a drawing that is no Vega view, by what has them; `dark` has their partners on a dark page. */
export interface NetworkMeta {
  title: string;
  dark: Record<string, string>;
  positive: string;
  negative: string;
}
export interface StepMeta {
  title: string;
  dark: Record<string, string>;
  draw: string;
  posterior: string;
  q: string;
  /** The formulas of the four stages, as MathML, by the name of the latent variable. */
  stages: Record<"z" | "w", string[]>;
  /** The names of what each stage lights. */
  lights: string[][];
}

/** One row of a dataset of Vega's; our own are rewritten in place. */
export type Tuple = Record<string, number | string | string[]>;
/** Rows that belong together: their key, how many there are, and what fills the i-th. */
export type Group = [key: number, count: number, fill: (tuple: Tuple, i: number) => void];

export type Range = [low: number, high: number];
export type Pair = [x: number, y: number];
export interface Size {
  width: number;
  height: number;
}
/** How a dataset of lines is drawn. */
export type LinesMeta = DatasetMeta & { x: string; y: string };

// the bus and its charts ------------------------------------------------------------------------------------------------------

/** A chart on the page, as the bus knows it. */
export interface Painter {
  /** Paint what changed; the names of the datasets. */
  paint(dirty: Set<string>): Promise<unknown>;
  note(message: Message, buffers: DataView<ArrayBuffer>[]): void;
  zoomed?(group: string): void;
  store: Store;
  built?: VegaView | null;
  kind?: Kind | null;
}
/** A chart of a saved page: the values of its widget at the newest step (widgets/sessions/saved_page.py). */
export interface SavedChart {
  name: string;
  panel: string;
  title: string;
  spec: Specification<unknown>;
  params: Params;
  labels: string[];
  heading: string;
  summary: string;
}
/** One step of a saved page: what changes in its charts, as a frame of the bus. */
export interface SavedStep {
  step: number;
  words: string;
  charts: Record<string, { params?: Params; labels?: string[]; heading?: string }>;
  frame: { content: Frame; at: [number, number]; extra: [number, number][] };
}
export interface SavedPage {
  title: string;
  goal: string;
  settings: string;
  source: string;
  pace: number;
  changes: [step: number, words: string][];
  charts: SavedChart[];
  first: SavedStep["frame"];
  steps: SavedStep[];
}
/** What the files of a panel are made of. */
export interface PanelParts {
  box: HTMLElement;
  /** Vega's part; null where all is our own canvas. */
  view: View | null;
  paper: string;
  table(): string;
}
/** What a panel with a Vega view is: lines, bars, a map … Pixels are those of the plot. */
export interface Kind {
  paint(dirty: Set<string>): void;
  /** Draw what lies over the chart. */
  overlay(): void;
  move(x: number, y: number, event: PointerEvent): void;
  out(): void;
  press?(x: number, y: number, event: PointerEvent): void;
  release?(x: number, y: number): void;
  /** The pointer moved, earlier than `move` hears of it. */
  hasten?(x: number, y: number, event: PointerEvent): void;
  key?(event: KeyboardEvent): void;
  fit?(): void;
  /** The labels changed. */
  relabel?(): void;
  zoom?(range: Range | null): void;
  /** Add colours to a tuple of a dataset. */
  dress?(name: string, tuple: Tuple, i: number, cloud: Columns): void;
  note?(message: Message, buffers: DataView<ArrayBuffer>[]): void;
  /** What the axes show, of panels with lines. */
  range?: { x: Range | null; y: Range | null };
  visible?(series: number): boolean;
  /** What a formula's term, or a control, lights. */
  light?(names: string[]): void;
  /** The pointer is next to the plot. */
  beside?(x: number, y: number): void;
}

// Vega -------------------------------------------------------------------------------------------------------------------------

/** What the bundle brings (widgets/prepare.py). */
export interface VegaTools {
  embed(holder: HTMLElement, spec: object, options: object): Promise<{ view: View }>;
}
/** The part of Vega's view that we use. */
export interface View {
  signal(name: string, value: unknown): View;
  width(pixels: number): View;
  height(pixels: number): View;
  change(dataset: string, changes: Changeset): View;
  insert(dataset: string, tuples: Tuple[]): View;
  pulse?(dataset: string, changes: Changeset): View;
  runAsync(): Promise<View>;
  toSVG(scale?: number): Promise<string>;
  toCanvas(scale?: number): Promise<HTMLCanvasElement>;
  finalize(): void;
}
export interface Changeset {
  insert(tuples: Tuple[]): Changeset;
  remove(tuples: Tuple[]): Changeset;
  reflow(): Changeset;
}
/** A compiled specification, or one of its marks, as far as `trusting` changes it. */
export interface Marks {
  marks?: Marks[];
  encode?: { update?: Record<string, Rules> };
}
export type Rules = Rule | Rule[];
export interface Rule {
  test?: string;
  signal?: string;
  [part: string]: unknown;
}

// what the page counts -----------------------------------------------------------------------------------------------------

export interface Counter {
  frames: number;
  acks: number;
  lastFrame: number;
  views: number;
  rebuilds: number;
  resyncs: number;
  painted: number;
  /** From the pointer's event to its answer, the newest hundred. */
  hoverMs: number[];
}
declare global {
  var __elboCounter: Counter | undefined;
  var __elboVega: VegaTools;
}
