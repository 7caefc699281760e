/** What a host page gets from one script: `<narrowboat-run>` and `<narrowboat-table>`. */

export { NarrowboatRun } from "./parts/run";
