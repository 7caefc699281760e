/** Numbers, sizes, durations and moments as people read them, in their own language's manner. */

import { count } from "./numbers";
import { words } from "./strings";

export { count };

const tenths = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });
const short = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });

/** Bytes, in powers of a thousand as file managers show them. */
export function size(bytes: number): string {
  const { sizes } = words;
  const step = bytes >= 1000 ? Math.min(Math.floor(Math.log10(bytes) / 3), sizes.length - 1) : 0;
  return `${tenths.format(bytes / 1000 ** step)} ${sizes[step]}`;
}

export function duration(seconds: number): string {
  const { time } = words;
  if (seconds < 1) return time.instant;
  if (seconds < 90) return time.seconds(tenths.format(seconds < 10 ? seconds : Math.round(seconds)));
  if (seconds < 5400) return time.minutes(count(Math.round(seconds / 60)));
  if (seconds < 172800) return time.hours(tenths.format(seconds / 3600));
  return time.days(tenths.format(seconds / 86400));
}

/** Date and time of a moment in RFC 3339. */
export const moment = (text: string): string => short.format(new Date(text));

/** The time alone, to the second. */
export const timeOf = (text: string): string => clock.format(new Date(text));

/** `sign_up_day` as "Sign up day". */
export const spoken = (name: string): string => {
  const text = name.replaceAll("_", " ");
  return text.charAt(0).toLocaleUpperCase() + text.slice(1);
};
