/** What a host page gets from one script: `<narrowboat-run>` and `<narrowboat-table>`. */

export { NarrowboatTable } from "./grid/table";
export { NarrowboatRun } from "./parts/run";
