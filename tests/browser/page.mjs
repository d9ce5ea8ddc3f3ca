// The hub's page in a real browser: node page.mjs URL [--expect any|day] [--out DIR] [--driver FILE]
//
// `any` checks the frame: no error, no failed request, both languages, no scrolling sideways at
// 360 px, dark mode, print. `day` also wants a day that is worth looking at: a drawn route, a
// verdict, photos that load, a case that is overdue. Everything has a time limit.

import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const TIME_LIMIT_MS = 20_000;
const RUN_LIMIT_MS = 150_000;

const [base, ...rest] = process.argv.slice(2);
const options = { expect: 'any', out: 'target/browser', driver: 'playwright-core' };
for (let i = 0; i < rest.length; i += 2) {
  const name = rest[i].replace(/^--/, '');
  if (!(name in options) || rest[i + 1] === undefined) usage();
  options[name] = rest[i + 1];
}
if (!base || !['any', 'day'].includes(options.expect)) usage();

function usage() {
  console.error('usage: node page.mjs URL [--expect any|day] [--out DIR] [--driver FILE]');
  process.exit(2);
}

// Whatever hangs, the run ends.
setTimeout(() => {
  console.error('the run took too long');
  process.exit(1);
}, RUN_LIMIT_MS).unref();

const driver = options.driver.includes('/')
  ? pathToFileURL(resolve(options.driver)).href
  : options.driver;
const { chromium } = (await import(driver)).default;

let passed = 0;
let failed = 0;
function check(name, holds, found = '') {
  if (holds) passed += 1;
  else failed += 1;
  console.log(`${holds ? 'passed' : 'FAILED'}  ${name}${holds ? '' : `  ${found}`}`);
}

mkdirSync(options.out, { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
  timeout: 60_000,
});

// Opens a page of its own, gathers what goes wrong in it, and closes it again.
async function look(name, path, settings, inspect) {
  const context = await browser.newContext({ javaScriptEnabled: true, ...settings });
  context.setDefaultTimeout(TIME_LIMIT_MS);
  const page = await context.newPage();
  const wrong = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) wrong.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => wrong.push(`page: ${error.message}`));
  page.on('requestfailed', (request) => wrong.push(`request: ${request.url()}`));
  page.on('response', (response) => {
    if (response.status() >= 400) wrong.push(`${response.status()} ${response.url()}`);
  });
  try {
    const answer = await page.goto(new URL(path, base).href, { waitUntil: 'load' });
    check(`${name}: answered`, answer?.status() === 200, answer?.status());
    await loadPhotos(page);
    await inspect(page);
    await page.screenshot({ path: join(options.out, `${name}.png`), fullPage: true });
  } catch (error) {
    check(`${name}: runs`, false, error.message);
  }
  check(`${name}: nothing goes wrong`, wrong.length === 0, wrong.join('; '));
  await context.close();
}

// Photos load when they come into view.
async function loadPhotos(page) {
  for (const photo of await page.locator('img').all()) {
    await photo.scrollIntoViewIfNeeded();
    await photo.evaluate(
      (img) =>
        img.complete ||
        new Promise((done) => {
          img.addEventListener('load', done, { once: true });
          img.addEventListener('error', done, { once: true });
        }),
    );
  }
}

const text = (page, selector) => page.locator(selector).first().innerText();
const background = (page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
let light = '';

async function frame(page, language) {
  check(`language is ${language}`, (await page.locator('html').getAttribute('lang')) === language);
  for (const landmark of ['header', 'nav', 'main', 'footer']) {
    check(`one ${landmark}`, (await page.locator(`body ${landmark}`).count()) === 1);
  }
  check('a title', (await page.title()).length > 0);
  check('one heading of the first level', (await page.locator('h1').count()) === 1);
  const nameless = await page.locator('img:not([alt]), img[alt=""], th:not([scope])').count();
  check('pictures have texts, headers have scopes', nameless === 0, nameless);
}

await look(
  'desktop-zh-CN',
  '/?lang=zh-CN',
  { viewport: { width: 1280, height: 900 }, colorScheme: 'light' },
  async (page) => {
    await frame(page, 'zh-CN');
    light = await background(page);
    if (options.expect === 'day') await day(page);
    const english = page.locator('nav a[hreflang="en"]');
    await english.click();
    await page.waitForLoadState('load');
    check('the switch leads to English', (await page.locator('html').getAttribute('lang')) === 'en');
    // A photo that is left while it loads is a request that failed.
    await loadPhotos(page);
    await page.locator('nav a[hreflang="zh-CN"]').click();
    await page.waitForLoadState('load');
    await loadPhotos(page);
  },
);

async function day(page) {
  const lengths = (selector) =>
    page.locator(selector).evaluateAll((paths) => paths.map((path) => path.getTotalLength()));
  for (const kind of ['covered', 'missed']) {
    const found = await lengths(`svg.map path.${kind}`);
    check(`the drawing has ${kind} stretches`, found.some((m) => m > 0), found.join(' '));
  }
  check('a verdict', /\d+\.\d\d/.test(await text(page, '.verdict .score')));
  check('stretches say what they are', (await page.locator('svg.map path.covered title').count()) > 0);
  const sizes = await page.locator('.photos img').evaluateAll((all) => all.map((i) => i.naturalWidth));
  check('photos load', sizes.length > 0 && sizes.every((px) => px > 0), sizes.join(' '));
  check('a case is marked as overdue', (await page.locator('.overdue-mark').count()) > 0);
}

await look(
  'phone-en-dark',
  '/?lang=en',
  { viewport: { width: 360, height: 740 }, colorScheme: 'dark', deviceScaleFactor: 2 },
  async (page) => {
    await frame(page, 'en');
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    check('no scrolling sideways at 360 px', wide <= 360, wide);
    check('dark mode is dark', (await background(page)) !== light, light);
  },
);

await look(
  'without-script',
  '/',
  { viewport: { width: 800, height: 900 }, locale: 'en-GB' },
  async (page) => {
    check('Accept-Language is heeded', (await page.locator('html').getAttribute('lang')) === 'en');
    check('no script', (await page.locator('script').count()) === 0);
    await page.pdf({ path: join(options.out, 'print.pdf'), format: 'A4', preferCSSPageSize: true });
  },
);

await browser.close();
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
