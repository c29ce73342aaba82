// Marks what one value has that another has not, for the eye and for a screen reader.

import { el } from './dom.js';
import { plain } from './format.js';

const WORDS_MAX = 400;  // beyond that both are shown whole

const words = (text) => text.match(/\s+|[^\s]+/g) ?? [];

/** The lengths of the longest common parts of what is left of both. */
function common(before, after) {
  const lengths = Array.from({ length: before.length + 1 },
    () => new Array(after.length + 1).fill(0));
  for (let i = before.length - 1; i >= 0; --i) {
    for (let j = after.length - 1; j >= 0; --j) {
      lengths[i][j] = before[i] === after[j] ? lengths[i + 1][j + 1] + 1
        : Math.max(lengths[i + 1][j], lengths[i][j + 1]);
    }
  }
  return lengths;
}

const gone = (text) => [el('del', {}, el('span', { class: 'unseen' }, 'gone: '), text), ' '];
const added = (text) => el('ins', {}, el('span', { class: 'unseen' }, 'new: '), text);

/** `after` with what differs from `before` marked. @param {unknown} from @param {unknown} to */
function marked(from, to) {
  const known = from !== null && from !== undefined;
  const before = known ? words(plain(from)) : [], after = words(plain(to));
  if (!known) return [added(plain(to))];
  if (before.length > WORDS_MAX || after.length > WORDS_MAX) {
    return plain(from) === plain(to) ? [plain(to)] : [added(plain(to))];
  }
  const lengths = common(before, after);
  const parts = [];
  let lost = '', came = '';
  const flush = () => {
    if (lost) parts.push(gone(lost));
    if (came) parts.push(added(came));
    lost = came = '';
  };
  for (let i = 0, j = 0; i < before.length || j < after.length;) {
    if (i < before.length && j < after.length && before[i] === after[j]) {
      flush();
      parts.push(after[j++]);
      ++i;
    } else if (i < before.length &&
               (j === after.length || lengths[i + 1][j] >= lengths[i][j + 1])) {
      lost += before[i++];
    } else {
      came += after[j++];
    }
  }
  flush();
  return parts;
}

const isObject = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);

/** A value; what differs from `before`, if one is given, is marked. */
export function valueOf(value, before) {
  if (!isObject(value)) {
    return el('p', { class: 'value' }, before === undefined ? plain(value) : marked(before, value));
  }
  return el('dl', { class: 'members' }, Object.entries(value).map(([name, member]) => [
    el('dt', {}, name),
    el('dd', { class: 'value' },
      before === undefined ? plain(member) : marked(before?.[name] ?? null, member))]));
}
