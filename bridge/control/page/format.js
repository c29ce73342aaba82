// Numbers, sizes, spans and moments for people: in the words of `bascule status`, at the reader's
// own time.

/** @param {number} number */
export function count(number) {
  return Math.round(number).toLocaleString('en-GB');
}

/** "1 message", "3 messages" @param {number} number @param {string} noun */
export function counted(number, noun) {
  return `${count(number)} ${noun}${number === 1 ? '' : 's'}`;
}

/** @param {number} bytes */
export function size(bytes) {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  for (; bytes >= 1024 && unit < units.length - 1; ++unit) bytes /= 1024;
  return `${unit === 0 || bytes >= 100 ? Math.round(bytes) : bytes.toFixed(1)} ${units[unit]}`;
}

/** "3 d 4 h", "12 s" @param {number} seconds */
export function span(seconds) {
  const s = Math.max(0, Math.round(seconds));
  const parts = [['d', 86_400], ['h', 3_600], ['min', 60], ['s', 1]];
  const first = parts.findIndex(([, length]) => s >= /** @type {number} */ (length));
  if (first < 0) return '0 s';
  const [name, length] = /** @type {[string, number]} */ (parts[first]);
  const whole = Math.floor(s / length);
  if (first === parts.length - 1 || whole >= 10) return `${whole} ${name}`;
  const [lesser, part] = /** @type {[string, number]} */ (parts[first + 1]);
  const rest = Math.floor((s % length) / part);
  return rest === 0 ? `${whole} ${name}` : `${whole} ${name} ${rest} ${lesser}`;
}

/** "12/s", "0.4/s" @param {number} perSecond */
export function rate(perSecond) {
  if (perSecond <= 0) return '0/s';
  if (perSecond < 0.1) return 'under 0.1/s';
  return `${perSecond >= 10 ? count(perSecond) : perSecond.toFixed(1)}/s`;
}

/** Of an answer: ms since 1970, or an ISO text; NaN: never. @param {string | number | null} time */
export function toMs(time) {
  if (typeof time === 'number') return time < 1e11 ? time * 1000 : time;
  return time ? Date.parse(time) : NaN;
}

const clock = new Intl.DateTimeFormat('en-GB', {
  hour: '2-digit', minute: '2-digit', second: '2-digit' });
const day = new Intl.DateTimeFormat('en-GB', {
  weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });
const full = new Intl.DateTimeFormat('en-GB', {
  weekday: 'short', day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit',
  minute: '2-digit', second: '2-digit', timeZoneName: 'short' });

/** The reader's local time; that of another day with its date. @param {number} ms */
export function moment(ms) {
  if (!Number.isFinite(ms)) return 'never';
  const today = new Date(ms).toDateString() === new Date().toDateString();
  return today ? clock.format(ms) : day.format(ms);
}

/** The whole of it, with the zone. @param {number} ms */
export function exactly(ms) {
  return Number.isFinite(ms) ? full.format(ms) : 'never';
}

/** "3 min ago" @param {number} ms */
export function ago(ms) {
  return Number.isFinite(ms) ? `${span((Date.now() - ms) / 1000)} ago` : 'never';
}

/** A JSON value as a person would write it. @param {unknown} value */
export function plain(value) {
  if (value === null || value === undefined) return '(nothing)';
  if (value === '') return '(empty)';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** The start of a payload, as text; what is no UTF-8 in hex. @param {string} base64 */
export function payload(base64) {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return `0x${[...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
  }
}
