/** Whole numbers in the manner of the reader's language. */

const whole = new Intl.NumberFormat();

export const count = (n: number): string => whole.format(n);
