// Asks the bridge. The token is kept for this tab and no longer, and goes nowhere else.

const TOKEN = 'bascule.token';
const NAME = 'bascule.name';

/** What the bridge said to a question that it did not answer (RFC 9457). */
export class Problem extends Error {
  /** @param {number} status 0: it cannot be reached @param {string} detail */
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

/** @type {{ name: string, role: string } | null} whose token it is */
export let holder = null;

/** Who decides, as others read it: the name that was given, else the token's. */
export function me() {
  return sessionStorage.getItem(NAME) || holder?.name || 'the page';
}

export const mayChange = () => holder?.role === 'change';
export const hasToken = () => sessionStorage.getItem(TOKEN) !== null;

/** Shows this token from now on, if it is one; throws a Problem. */
export async function enter(token, name) {
  sessionStorage.setItem(TOKEN, token);
  sessionStorage.setItem(NAME, name);
  await introduce();
}

/** Learns whose token is shown. */
export async function introduce() {
  try {
    holder = await get('/v1/holder');
  } catch (problem) {
    if (problem instanceof Problem && problem.status === 401) leave();
    throw problem;
  }
}

export function leave() {
  holder = null;
  sessionStorage.removeItem(TOKEN);
  sessionStorage.removeItem(NAME);
}

/** A question as it is; throws a Problem. @param {string} path @param {RequestInit} [options] */
export async function ask(path, options = {}) {
  let answer;
  try {
    answer = await fetch(path, {
      ...options,
      headers: { Authorization: `Bearer ${sessionStorage.getItem(TOKEN) ?? ''}` },
      cache: 'no-store', credentials: 'omit', redirect: 'error' });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new Problem(0, 'the bridge does not answer');
  }
  if (answer.ok) return answer;
  const said = await answer.json().catch(() => ({}));
  throw new Problem(answer.status, said.detail ?? `it answers ${answer.status}`);
}

function behind(path, parameters) {
  const known = Object.entries(parameters).filter(([, value]) => value !== undefined);
  return known.length === 0 ? path : `${path}?${new URLSearchParams(known)}`;
}

/** @param {string} path @param {Record<string, any>} [parameters] */
export async function get(path, parameters = {}) {
  return (await ask(behind(path, parameters))).json();
}

/** @param {string} path @param {Record<string, any>} [parameters] */
export async function post(path, parameters = {}) {
  return (await ask(behind(path, parameters), { method: 'POST' })).json();
}
