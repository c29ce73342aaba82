// What all pages have around them: who is here, where one can go, whether what is shown is live.
// A page begins once somebody has shown a token.

import { enter, hasToken, holder, introduce, leave, Problem } from './api.js';
import { byId, el, show } from './dom.js';

const PAGES = [['/', 'Dashboard'], ['/cases', 'Cases'], ['/losers', 'Losers'], ['/fleet', 'Fleet']];

function navigation() {
  return el('nav', { 'aria-label': 'Pages' }, el('ul', {}, PAGES.map(([path, name]) =>
    el('li', { id: `to-${name.toLowerCase()}` }, el('a', { href: path,
      'aria-current': location.pathname === path && 'page' },
    name, path === '/cases' && el('span', { id: 'open-cases', hidden: true }))))));
}

function header() {
  show('header',
    el('p', { class: 'brand' }, 'bascule ', el('span', { id: 'bridge' })),
    navigation(),
    el('p', { class: 'session', hidden: true, id: 'session' },
      el('span', { id: 'live', class: 'live' }), el('span', { id: 'who' }),
      el('button', { type: 'button', id: 'leave', class: 'quiet' }, 'Sign out')));
  byId('to-fleet').hidden = true;  // until it is known to be a hub
  byId('leave').addEventListener('click', () => {
    leave();
    location.reload();
  });
}

/** Says whose pages these are. @param {any} status */
export function name({ bridge, cases, links }) {
  byId('bridge').textContent = bridge;
  document.title = `${document.title.split(' · ')[0]} · ${bridge}`;
  byId('to-fleet').hidden = 'central' in links;  // a hub has one broker
  const shown = byId('open-cases');
  shown.hidden = cases.open === 0;
  shown.replaceChildren(` (${cases.open}`, el('span', { class: 'unseen' }, ' open'), ')');
}

/** Whether what is shown is what is. @param {string} state @param {string} [why] */
export function liveness(state, why) {
  show('live', state === 'live' ? '● Live' : `○ Not live: ${why}`);
  byId('live').dataset.state = state;
}

/** Says once what came of something. @param {string} text @param {'good' | 'bad'} tone */
export function say(text, tone = 'good') {
  const place = byId('said');
  place.className = `said ${tone}`;
  place.textContent = text;
}

function signIn(problem, begin) {
  const field = (id, label, type, hint, autocomplete) => [
    el('label', { for: id }, label),
    el('input', { id, type, autocomplete, spellcheck: 'false', autocapitalize: 'none',
      'aria-describedby': `${id}-hint` }),
    el('p', { class: 'hint', id: `${id}-hint` }, hint)];
  byId('page').hidden = byId('session').hidden = true;
  const form = el('form', { class: 'card entry', id: 'entry', 'aria-labelledby': 'entry-title' },
    el('h1', { id: 'entry-title' }, 'Sign in to this bridge'),
    el('p', { class: 'error', id: 'wrong', role: 'alert' }, problem),
    field('token', 'Token', 'password', 'A line of the bridge’s token file: it may look, or change.',
      'off'),
    field('name', 'Your name', 'text', 'Optional. What you decide is noted under it.', 'name'),
    el('button', { type: 'submit', class: 'main' }, 'Sign in'));
  byId('gate').replaceChildren(form);
  const token = /** @type {HTMLInputElement} */ (byId('token'));
  const person = /** @type {HTMLInputElement} */ (byId('name'));
  form.addEventListener('submit', async (submitted) => {
    submitted.preventDefault();
    try {
      await enter(token.value.trim(), person.value.trim());
      admitted(begin);
    } catch (wrong) {
      byId('wrong').textContent = sentence(wrong);
      token.focus();
    }
  });
  token.focus();
}

function sentence(problem) {
  if (!(problem instanceof Problem)) return String(problem);
  if (problem.status === 401) return 'This token is not known here. Look for it in the token file.';
  return `${problem.message}.`;
}

function admitted(begin) {
  byId('gate').replaceChildren();
  byId('page').hidden = false;
  byId('session').hidden = false;
  show('who', `${holder.name}, may ${holder.role}`);
  begin();
}

/** Asks for a token, if there is none yet, then calls `begin`. @param {() => void} begin */
export async function start(begin) {
  header();
  if (!hasToken()) return signIn('', begin);
  try {
    await introduce();
    admitted(begin);
  } catch (problem) {
    signIn(sentence(problem), begin);
  }
}

/** The token is no more. @param {Problem} problem */
export function refused(problem) {
  leave();
  signIn(sentence(problem), () => location.reload());
}
