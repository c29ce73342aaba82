// One case as a person sees it: what there was, what there could be, and what each choice would do.

import { mayChange } from './api.js';
import { valueOf } from './difference.js';
import { el } from './dom.js';
import { ago, exactly, plain, span } from './format.js';

const WHAT_HAPPENED = {
  field: 'Two people changed it, and neither had seen what the other wrote.',
  future_version: 'The edit builds on a version that there has never been here.',
  resurrection: 'The edit is of a record that is not there.',
  ambiguous: 'Two edits came so close in time that the clocks cannot say which was later.',
  stale: 'The edit builds on an older version than there is.',
  clock: 'The edit is stamped with a time that has not come yet.',
  prev: 'The edit builds on another one that has not come.',
  payload: 'The same edit came twice, with different content.',
  repeat: 'The edit may have been decided already, so long ago that it is forgotten.',
  trimmed: 'The edit builds on a version that is older than what is kept.',
  foreign: 'The edit builds on a version of another hub.',
  invalid: 'Each edit is valid, and what they make together is not.',
  unreported: 'Not all sites have reported in time.',
  silent: 'A site has not been heard of for long.',
  unknown: 'A new record may be one that is there already.',
  oversold: 'More was sold than there is; this sale is the one that is reversed.',
};

const CONSEQUENCES = {
  take: () => 'It stands everywhere. The other can be put back: Losers.',
  set: () => 'What you write stands everywhere. Both can be put back: Losers.',
  accept: () => 'The edit is made anew, in your name.',
  discard: () => 'The edit is rejected, and stays in the history.',
  create: () => 'It becomes a new record.',
  merge: () => 'It becomes part of this record.',
  wait: () => 'It waits as long again.',
  decide: () => 'It is decided without the sites that are missing.',
  drop: () => 'Nothing is kept for this site any more.',
  honour: () => 'The sale stands after all, and staff are told.',
  keep: () => 'The sale stays reversed.',
};

const WORDS = { take: 'Take this', accept: 'Accept the edit', discard: 'Discard the edit',
  create: 'Make a new record', merge: 'It is this one', wait: 'Wait', decide: 'Decide now',
  drop: 'Drop the site', honour: 'Honour the sale', keep: 'Keep it reversed', set: 'Set' };

const CHOSEN = { take: 'took', set: 'set', accept: 'accepted the edit', merge: 'merged it',
  discard: 'discarded the edit', create: 'made a new record of it', wait: 'let it wait',
  decide: 'let it be decided', drop: 'dropped the site', honour: 'honoured the sale',
  keep: 'kept it reversed' };

const nameOf = (choice) => (typeof choice === 'string' ? choice : choice.name);

/** What it is about, for a heading. */
export function title(one) {
  const unit = one.data?.unit;
  return unit ? `${unit} of ${one.subject}` : `${one.subject}: ${one.kind.replaceAll('_', ' ')}`;
}

function button(one, choose, data, label, described) {
  if (!mayChange() || one.state !== 'open') return null;
  return el('button', { type: 'button', class: 'main', 'data-act': 'resolve',
    'data-number': one.number, 'data-choose': choose, 'data-data': data && JSON.stringify(data),
    'aria-describedby': described }, label);
}

function author({ origin, time_ms: time, u_ms: unsure, person }) {
  const clock = unsure > 1000 ? `, give or take ${span(unsure / 1000)}` : '';
  return el('p', { class: 'dim' }, `by ${person || origin}, ${exactly(time)}${clock}`);
}

const taken = (one, choose, op) => one.decision?.choose === choose &&
  (op === undefined || one.decision.data?.op === op);

function option(one, choose, { heading, body, data, key }) {
  const described = `does-${one.number}-${key}`;
  const consequence = CONSEQUENCES[choose]?.() ?? `The policy is told: ${choose}.`;
  const is = taken(one, choose, data?.op);
  return el('div', { class: `choice ${is ? 'taken' : ''}`, 'data-key': key },
    (heading || is) && el('div', { class: 'stack' },
      el('h4', {}, heading, is && ' ✓ chosen'), body),
    one.state === 'open' && el('div', { class: 'stack' },
      el('p', { class: 'hint', id: described }, consequence),
      button(one, choose, data, WORDS[choose] ?? choose, described)));
}

function base(heading, value) {
  return el('div', { class: 'choice base', 'data-key': heading },
    el('div', { class: 'stack' }, el('h4', {}, heading), valueOf(value)));
}

/** Another value than those that were written. */
function another(one) {
  if (!mayChange() || one.state !== 'open') return null;
  const id = `own-${one.number}`;
  return el('details', { 'data-key': 'set' }, el('summary', {}, 'Another value'),
    el('div', { class: 'own' },
      el('label', { for: id }, `What ${title(one)} shall be`),
      el('input', { id, type: 'text', autocomplete: 'off', 'aria-describedby': `${id}-hint` }),
      el('p', { class: 'hint', id: `${id}-hint` }, CONSEQUENCES.set(),
        ' Numbers, true, and what is in braces or brackets are taken as JSON.'),
      el('button', { type: 'button', 'data-act': 'resolve', 'data-number': one.number,
        'data-choose': 'set', 'data-input': id }, 'Set this value')));
}

function ofValues(one, data) {
  return [base('Before', data.base), data.values.map((each, place) => option(one, 'take', {
    heading: `Value ${place + 1}`, key: each.op, data: { op: each.op },
    body: [valueOf(each.value, data.base ?? null), author(each)] }))];
}

function rest(data) {
  const shown = Object.entries(data).filter(([name]) =>
    !['choices', 'values', 'base', 'stands', 'incoming', 'candidates', 'unit', 'record', 'version',
      'refused'].includes(name));
  if (shown.length === 0) return null;
  const text = (name, value) => (name.endsWith('_ms') ? exactly(value) : plain(value));
  return el('dl', { class: 'members' }, shown.map(([name, value]) => [
    el('dt', {}, name.replace(/_ms$/, '').replaceAll('_', ' ')), el('dd', {}, text(name, value))]));
}

function ofIncoming(one, data) {
  const { incoming } = data;
  const told = incoming && [incoming.kind === 'delete' ? el('p', { class: 'value' }, 'Deleted')
    : valueOf(incoming.fields, data.stands ?? null), author(incoming)];
  const names = (data.choices ?? []).map(nameOf);
  const merges = names.includes('merge') ? (data.candidates ?? []).map((each) =>
    option(one, 'merge', { heading: `Record ${each.record}`, key: `merge ${each.record}`,
      data: { record: each.record }, body: valueOf(each.stands ?? {}) })) : [];
  return ['stands' in data && base('Stands now', data.stands),
    incoming && el('div', { class: 'choice base', 'data-key': 'incoming' },
      el('div', { class: 'stack' }, el('h4', {}, 'The edit'), told)),
    merges,
    names.filter((choose) => choose !== 'set' && choose !== 'merge').map((choose) =>
      option(one, choose, { heading: one.state === 'open' ? null : WORDS[choose] ?? choose,
        key: choose }))];
}

/** "took vegan": what somebody has chosen. */
export function choiceOf(one) {
  const { choose, data = {} } = one.decision;
  const value = one.data?.values?.find((each) => each.op === data.op)?.value ?? data.value ??
    data.record;
  return `${CHOSEN[choose] ?? `chose ${choose}`}${value === undefined ? '' : ` ${plain(value)}`}`;
}

function settled(one) {
  if (one.state === 'open') return null;
  const outcome = one.outcome?.outcome;
  return el('p', { class: 'decided' },
    one.decision ? [el('strong', {}, one.decided_by || 'Somebody'),
      ` ${choiceOf(one)}, ${exactly(one.decided_ms)}.`]
      : `Closed by itself, ${exactly(one.closed_ms)}.`,
    one.state === 'decided' ? ' The policy has not come to it yet.'
      : typeof outcome === 'string' && outcome.includes(' ') && ` ${outcome}.`);
}

/** @param {any} one of /v1/cases */
export function caseCard(one) {
  const data = one.data ?? {};
  const byValues = data.values?.length > 0;
  const body = el('div', { class: 'choices' }, byValues ? ofValues(one, data)
    : ofIncoming(one, data));
  return el('article', { class: 'card case', 'data-key': one.number, id: `case-${one.number}` },
    el('div', {}, el('h3', {}, title(one)),
      el('p', { class: 'dim' }, `Case ${one.number} · ${one.policy} · since ${exactly(one.opened_ms)}`,
        ` (${ago(one.opened_ms)})`)),
    one.state === 'open' && el('p', {}, WHAT_HAPPENED[one.kind] ?? `The policy asks: ${one.kind}.`),
    data.refused && el('p', { class: 'error' }, `The last decision was refused: ${data.refused}`),
    rest(data), settled(one),
    one.state === 'open' ? body : el('details', {}, el('summary', {}, 'What there was to choose'), body),
    byValues && (data.choices ?? []).map(nameOf).includes('set') && another(one));
}
