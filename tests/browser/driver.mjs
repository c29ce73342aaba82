// What a test of the pages needs besides a browser: the stage, which pages.py keeps, and rules that
// every page has to hold.

import { strict as assert } from 'node:assert';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const require = createRequire(`${process.env.MODULES}/`);
export const { chromium } = require('playwright-core');
const axe = require('axe-core');

export const { STORE, HUB, LOOK, CHANGE, HURT, SCRIPT } = process.env;
export const PHONE = { width: 360, height: 740 };
const REFUSALS = ['/v1/holder', '/v1/cases/resolve'];
export const DESK = { width: 1440, height: 900 };

const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/** Has something done on the stage: a method of Cast in pages.py. */
export async function stage(name, ...parameters) {
  console.log(JSON.stringify({ do: name, with: parameters }));
  return JSON.parse((await answers.next()).value);
}

/** One headless browser for all of it. */
export function browser() {
  return chromium.launch({ executablePath: process.env.CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] });
}

/** A person with a window, and whatever is wrong in it. */
export class Person {
  static async enter(browser, url, { size = DESK, scheme = 'light', token = CHANGE, name } = {}) {
    const person = new Person();
    person.context = await browser.newContext({ viewport: size, colorScheme: scheme,
      reducedMotion: 'reduce', timezoneId: 'Europe/Zurich' });
    person.page = await person.context.newPage();
    person.page.setDefaultTimeout(30_000);
    person.wrong = [];
    person.page.on('console', (said) => {
      // The browser reports each answer that is none; what a test brings about is no fault.
      if (REFUSALS.some((path) => said.location().url.includes(path))) return;
      if (said.type() === 'error' || said.type() === 'warning') person.wrong.push(said.text());
    });
    person.page.on('pageerror', (error) => person.wrong.push(String(error)));
    person.page.on('dialog', (dialog) => person.wrong.push(`a dialog: ${dialog.message()}`));
    person.policy = (await person.page.goto(url)).headers()['content-security-policy'];
    if (token) await person.signIn(token, name);
    return person;
  }

  async signIn(token, name) {
    await this.page.getByLabel('Token').fill(token);
    if (name) await this.page.getByLabel('Your name').fill(name);
    await this.page.getByRole('button', { name: 'Sign in' }).click();
    await this.page.getByRole('button', { name: 'Sign out' }).waitFor();
  }

  /** The rules that hold for every page, however it looks. */
  async check(what) {
    const overflow = await this.page.evaluate(() =>
      document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.equal(overflow, 0, `${what} scrolls sideways by ${overflow} px`);
    await this.page.evaluate(axe.source);
    const { violations } = await this.page.evaluate(() => window.axe.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }));
    assert.deepEqual(violations.map(({ id, nodes }) =>
      `${id}: ${nodes.map((node) => `${node.html} ${node.failureSummary}`).join('; ')}`), [], what);
    assert.equal(await this.page.evaluate(() => window.hurt), undefined, `${what}: a script ran`);
    assert.deepEqual(this.wrong, [], what);
  }

  async leave() {
    await this.context.close();
  }
}
