/** Where a table's rows come from. */

export interface GridColumn {
  name: string;
  label: string;
  type: string;
}

export type Row = readonly unknown[];

/** Rows by their place, fetched as they are looked at. There may be more of them every moment. */
export interface RowSource {
  /** Known once the first rows were fetched, if not before. */
  readonly columns: readonly GridColumn[];
  /** Rows there are now. */
  readonly total: number;
  /** Another one means other rows: what was fetched before counts no more. */
  readonly epoch: number;
  /** Rows there will be, where that is known. */
  readonly expected: number | null;
  /** At most so many rows; fewer at the end. Rejects where they cannot be had now. */
  fetch(from: number, count: number, signal: AbortSignal): Promise<readonly Row[]>;
  /** Calls whenever `total` or `columns` are others; until the function returned is called. */
  follow(changed: () => void): () => void;
}
