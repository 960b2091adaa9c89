// Opens every page in every way that students open it, and says what is wrong. Usage: browser.mjs MODULES PAGES
//
// A page must not run, ask for or log anything, must not be wider than its window, must keep the rules of axe, must work by keyboard
// and must print what its details hold. That all this is noticed is tried on a bad page first.

import { mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [modules, pages] = process.argv.slice(2).map((path) => resolve(path));
const require = createRequire(`${modules}/`);
const { chromium } = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const shots = process.env.ASSAY_SHOTS;

const WAYS = [
  { name: 'light', colorScheme: 'light', width: 1280 },
  { name: 'dark', colorScheme: 'dark', width: 1280 },
  { name: 'phone', colorScheme: 'light', width: 360 },
  { name: 'phone-dark', colorScheme: 'dark', width: 320 },
];
/** The rules are slow, and every case of this page is like the others. */
const WITHOUT_RULES = ['many-cases'];
/** How long a page may take to be there, in milliseconds, on a slow machine. */
const LONGEST = 20_000;

const wrong = [];
const say = (page, way, what) => wrong.push(`${page}, ${way}: ${what}`);

const options = { executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: [] };
// Chromium's own sandbox does not work for root, and the pages are ours.
if (process.getuid() === 0) options.args.push('--no-sandbox');
const browser = await chromium.launch(options);

/** Opens a page; whatever it does by itself is wrong. */
async function open(file, way, { bypassCSP = false } = {}) {
  const page = basename(file, '.html');
  const url = pathToFileURL(file).href;
  const viewport = { width: way.width, height: 900 };
  const context = await browser.newContext({ colorScheme: way.colorScheme, viewport, bypassCSP });
  const tab = await context.newPage();
  context.on('request', (request) => {
    if (request.url() !== url) say(page, way.name, `it asks for ${request.url()}`);
  });
  context.on('page', () => say(page, way.name, 'it opens a window'));
  tab.on('dialog', (dialog) => { say(page, way.name, `it opens a dialog: ${dialog.message()}`); dialog.dismiss(); });
  tab.on('console', (message) => say(page, way.name, `the console says: ${message.text()}`));
  tab.on('pageerror', (error) => say(page, way.name, `an error: ${error}`));
  const inspector = await context.newCDPSession(tab);
  inspector.on('Debugger.scriptParsed', (script) => {
    if (script.url.startsWith('file:')) say(page, way.name, `a script runs in line ${script.startLine}`);
  });
  await inspector.send('Debugger.enable');
  const started = performance.now();
  await tab.goto(url, { timeout: 2 * LONGEST });
  const took = Math.round(performance.now() - started);
  if (took > LONGEST) say(page, way.name, `it takes ${took} ms to be there`);
  await inspector.send('Debugger.disable');
  return { page, context, tab, took };
}

const wide = (tab) => tab.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

async function look(file, way) {
  const { page, context, tab, took } = await open(file, way);
  const at = (what) => say(page, way.name, what);
  const styled = await tab.evaluate(() => getComputedStyle(document.body).maxWidth);
  if (styled === 'none') at('its own policy keeps its style away');
  const paper = await tab.evaluate(() => getComputedStyle(document.body).backgroundColor.match(/\d+/g).map(Number));
  if (paper[0] < 128 !== (way.colorScheme === 'dark')) at(`its paper is rgb(${paper})`);
  if (shots) {
    mkdirSync(shots, { recursive: true });
    if (page !== 'many-cases') await tab.screenshot({ path: join(shots, `${page}-${way.name}.png`), fullPage: true });
  }
  if (await wide(tab) > 0) at(`it is ${await wide(tab)} pixels wider than its window`);
  await tab.evaluate(() => document.querySelectorAll('details').forEach((details) => { details.open = true; }));
  if (await wide(tab) > 0) at(`with all details it is ${await wide(tab)} pixels wider than its window`);
  if (!WITHOUT_RULES.includes(page)) {
    await tab.evaluate(axe);
    const { violations, passes } = await tab.evaluate(() => axe.run(document));
    if (passes.length < 10) at(`only ${passes.length} rules were tried`);
    for (const { id, help, nodes } of violations) at(`${id}: ${help}: ${nodes.map((node) => node.html.slice(0, 200)).join(' | ')}`);
  }
  await context.close();
  return took;
}

/** The same page where no policy holds it back. */
async function unpoliced(file) {
  const { context } = await open(file, WAYS[0], { bypassCSP: true });
  await context.close();
}

async function onPaper(file) {
  const { page, context, tab } = await open(file, WAYS[1]);
  const at = (what) => say(page, 'print', what);
  await tab.emulateMedia({ media: 'print' });
  const closed = () => tab.evaluate(() =>
    [...document.querySelectorAll('details .body')].filter((body) => !body.checkVisibility()).length);
  // What was closed is laid out some frames later.
  for (let tries = 0; tries < 50 && await closed() > 0; tries++) await tab.waitForTimeout(100);
  if (await closed() > 0) at(`${await closed()} details are not printed`);
  const ink = await tab.evaluate(() => getComputedStyle(document.body).color);
  if (ink !== 'rgb(0, 0, 0)') at(`its ink is ${ink}`);
  if (shots && page !== 'many-cases') await tab.pdf({ path: join(shots, `${page}.pdf`), format: 'A4' });
  await context.close();
}

async function byKeyboard(file) {
  const { page, context, tab } = await open(file, WAYS[0]);
  const at = (what) => say(page, 'keyboard', what);
  const focused = () => tab.evaluate(() => document.activeElement.outerHTML.slice(0, 80));
  const reached = new Set();
  for (let presses = 0; presses < 100; presses++) {
    await tab.keyboard.press('Tab');
    reached.add(await focused());
  }
  const count = await tab.locator('summary, a').count();
  if (count === 0 || [...reached].filter((html) => /^<(summary|a)\b/.test(html)).length < new Set(
    await tab.locator('summary, a').evaluateAll((all) => all.map((one) => one.outerHTML.slice(0, 80)))).size) at('not everything is reached by Tab');
  const first = tab.locator('details.case').first();
  await first.locator('summary').focus();
  await tab.keyboard.press('Enter');
  if (!await first.evaluate((details) => details.open)) at('Enter does not open details');
  await tab.keyboard.press('Enter');
  await tab.locator('a[href="#case-1"]').focus();
  await tab.keyboard.press('Enter');
  if (!await first.evaluate((details) => details.open)) at('a name does not lead to its details');
  await context.close();
}

/** What is wrong with a page that does everything wrong must be seen, or nothing here means anything. */
async function seesWhatIsWrong(file) {
  await look(file, WAYS[1]);
  await unpoliced(file);
  await onPaper(file);
  const seen = wrong.splice(0).join('\n');
  const expected = ['it asks for http://127.0.0.1:9/beacon.png', 'a script runs', 'the console says: it ran', 'an error: Error: it failed',
    'its own policy keeps its style away', 'its paper is', 'wider than its window', 'color-contrast', 'image-alt', '1 details are not printed'];
  for (const what of expected) if (!seen.includes(what)) wrong.push(`of the bad page it is not seen that: ${what}\n${seen}`);
}

await seesWhatIsWrong(join(import.meta.dirname, 'bad.html'));
const files = readdirSync(pages).filter((name) => name.endsWith('.html')).sort().map((name) => join(pages, name));
if (files.length < 10) wrong.push(`only ${files.length} pages are there`);
for (const file of files) {
  const took = [];
  for (const way of WAYS) took.push(await look(file, way));
  await unpoliced(file);
  await onPaper(file);
  console.log(`${basename(file)}: there in ${took.join(', ')} ms`);
}
await byKeyboard(join(pages, 'failed.html'));
await browser.close();

if (wrong.length > 0) {
  console.error(wrong.join('\n'));
  process.exit(1);
}
console.log(`${files.length} pages in ${WAYS.length} ways: nothing wrong`);
