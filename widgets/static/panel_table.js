// What a chart draws as a table of comma-separated values: one row a point, with the name of its dataset first.

/** @import { Columns, SeriesMeta } from "./shapes.d.ts" */
/** @import { Store } from "./frames.js" */

/**
 * One value as it is written in the file.
 * @param {string | number} value
 * @returns {string}
 */
function cell(value) {
  if (typeof value === "number") return Number.isFinite(value) ? String(Number(value.toPrecision(7))) : "";
  return /[",\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}

/**
 * Everything that a chart has been sent, without pictures; the number of a series becomes its label.
 * @param {Pick<Store, "lines" | "clouds" | "statics">} store
 * @param {SeriesMeta[]} [series]
 * @returns {string}
 */
export function tableOf(store, series = []) {
  /** @type {Record<string, string | number>[]} */
  const rows = [];
  for (const [dataset, lines] of Object.entries(store.lines)) {
    for (const [key, line] of lines ?? []) {
      for (let i = 0; i < line.size; i++) {
        const values = Object.fromEntries(line.names.map((name) => [name, line.columns[name][i]]));
        rows.push({ dataset, ...values, ...(series[key] ? { series: series[key].label } : {}) });
      }
    }
  }
  for (const dataset of new Set([...Object.keys(store.clouds), ...Object.keys(store.statics)])) {
    /** @type {Columns} */
    const columns = { ...store.clouds[dataset], ...store.statics[dataset] };
    const plain = Object.entries(columns).filter(([, column]) => !column.width);
    const count = Math.min(...plain.map(([, column]) => column.length));
    for (let i = 0; i < count && Number.isFinite(count); i++) {
      rows.push({ dataset, ...Object.fromEntries(plain.map(([name, column]) => [name, column[i]])) });
    }
  }
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  return [names, ...rows.map((row) => names.map((name) => row[name] ?? ""))]
    .map((line) => line.map(cell).join(",")).join("\r\n") + "\r\n";
}
