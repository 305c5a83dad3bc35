// Every page of the site in a real browser: light and dark, on a desk and on a phone.
//
//   make pages                    the site built anew, and every page of it
//   node site.mjs                 every page of the site that is in build/site/html
//   node site.mjs 02 glossary     only pages whose path contains one of these
//   node site.mjs scenarios       only search, folds and the switch of the theme
//
// It needs what run.mjs needs, but no Python. Pictures of each page are left in shots/site/.
import { createServer } from 'node:http';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT, startBrowser } from './lab.mjs';

const HERE = dirname(fileURLToPath(import.meta.url));
const SITE = join(ROOT, 'build', 'site', 'html');
const SHOTS = join(HERE, 'shots', 'site');
const AXE = readFileSync(join(HERE, 'node_modules', 'axe-core', 'axe.min.js'), 'utf8');
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.png': 'image/png' };
const WIDTHS = { desk: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } };
// Each theme is looked at in both widths; axe, which is slow, in one of them.
const AXE_AT = { light: 'desk', dark: 'phone' };
const wanted = process.argv.slice(2);

const marks = { passed: 0, failed: 0 };

/** Say in one line whether something is as it should be; `faults` says what is not. */
function check(what, ...faults) {
  const found = [...new Set(faults.flat().filter(Boolean))];
  marks[found.length ? 'failed' : 'passed'] += 1;
  if (found.length) console.log(`✗ ${what}: ${found.slice(0, 8).join('; ')}`);
}

/** Serve the site as any web server would. */
function serve() {
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url, 'http://localhost').pathname);
    const file = join(SITE, path.endsWith('/') ? `${path}index.html` : path);
    if (!file.startsWith(SITE) || !existsSync(file)) return response.writeHead(404).end();
    const type = TYPES[extname(file)] ?? 'application/octet-stream';
    response.writeHead(200, { 'content-type': type }).end(readFileSync(file));
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

/** Return what is on a page and what is wrong with it, as the reader sees it. */
function look(page) {
  return page.evaluate(() => {
    const all = (selector) => [...document.querySelectorAll(selector)];
    const shown = (element) => element.checkVisibility?.() ?? true;
    const brief = (element) => `${element.tagName.toLowerCase()} “${element.textContent.trim().slice(0, 30)}”`;
    const right = document.documentElement.clientWidth;
    const inScroller = (element) => {
      for (let up = element.parentElement; up; up = up.parentElement) {
        if (['auto', 'scroll', 'hidden'].includes(getComputedStyle(up).overflowX)) return true;
      }
      return false;
    };
    const wide = document.documentElement.scrollWidth > right;
    return {
      overflow: wide
        ? all('article *').filter((e) => e.getBoundingClientRect().right > right + 1 && !inScroller(e)).map(brief).slice(0, 3).concat('it is wider than the window')
        : [],
      pictures: all('article img').filter((img) => shown(img) && !(img.complete && img.naturalWidth)).map((img) => img.src),
      silent: all('article img').filter((img) => !img.alt.trim()).map((img) => img.src),
      diagrams: all('pre.mermaid').filter((pre) => !pre.querySelector('svg') || /Syntax error/.test(pre.textContent)).map(brief),
      formulas: all('mjx-merror, [data-mjx-error]').map(brief),
      raw: all('.math').filter((math) => shown(math) && !math.querySelector('mjx-container')).map(brief),
      open: all('article details[open]').map(brief),
      ids: all('[id]').map((element) => element.id),
      links: all('a[href]').map((a) => a.href).filter((href) => href.startsWith(location.origin)),
    };
  });
}

/** Wait until formulas and diagrams are drawn. */
async function settled(page) {
  await page.waitForLoadState('load');
  await page
    .waitForFunction(
      () =>
        [...document.querySelectorAll('pre.mermaid')].every((pre) => pre.querySelector('svg')) &&
        (!document.querySelector('.math') || document.querySelector('.math mjx-container')),
      null,
      { timeout: 30_000 },
    )
    .catch(() => {}); // what is missing is told by `look`
  await page.evaluate(() => window.MathJax?.startup?.promise);
}

/** What axe calls serious or critical. */
async function faultsByAxe(page) {
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const { violations } = await window.axe.run(document, {
      resultTypes: ['violations'],
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'],
    });
    return violations
      .filter(({ impact }) => ['serious', 'critical'].includes(impact))
      .map(({ id, nodes }) => `${id} (${nodes.length}): ${nodes[0].target.join(' ')} ${nodes[0].any[0]?.message ?? ''}`);
  });
}

/** Look at one page in one theme and both widths; return its places and its links. */
async function visit(page, heard, origin, path, theme) {
  heard.length = 0;
  await page.setViewportSize(WIDTHS.desk);
  await page.goto(`${origin}/${path}`);
  await settled(page);
  let seen;
  for (const [width, size] of Object.entries(WIDTHS)) {
    const name = `${path}, ${theme}, ${width}`;
    await page.setViewportSize(size);
    await page.waitForTimeout(150); // for what moves when the window does
    seen = await look(page);
    check(`${name}: nothing is wider than the window`, seen.overflow);
    check(`${name}: pictures are there`, seen.pictures);
    check(`${name}: pictures say in words what they show`, seen.silent);
    check(`${name}: diagrams are drawn`, seen.diagrams);
    check(`${name}: formulas are drawn`, seen.formulas, seen.raw);
    check(`${name}: what folds is folded`, seen.open);
    if (AXE_AT[theme] === width) check(`${name}: axe finds nothing serious`, await faultsByAxe(page));
    const shot = `${path.replaceAll('/', '-')}-${theme}-${width}.png`;
    await page.screenshot({ path: join(SHOTS, shot) });
  }
  check(`${path}, ${theme}: no error in the console, no other host`, [...heard]);
  return seen;
}

/** See that each link inside the site leads to a page and a place that are there. */
function checkLinks(origin, places) {
  for (const [path, { links }] of Object.entries(places)) {
    const dead = links.filter((link) => {
      const url = new URL(link);
      const target = decodeURIComponent(url.pathname).slice(1) || 'index.html';
      if (!existsSync(join(SITE, target))) return true;
      const place = decodeURIComponent(url.hash.slice(1));
      return place && places[target] && !places[target].ids.includes(place);
    });
    check(`${path}: its links lead somewhere`, dead.map((link) => link.slice(origin.length)));
  }
}

/** The search finds what a lesson is about. */
async function search(page, origin) {
  await page.goto(`${origin}/search.html?q=Wilson`);
  const hits = page.locator('ul.search li a');
  await hits.first().waitFor({ timeout: 30_000 }).catch(() => {});
  await page.waitForTimeout(2000); // they come one after the other
  const found = await hits.evaluateAll((all) => all.map((a) => a.getAttribute('href')));
  check('search: “Wilson” is found', !found.length && 'nothing is');
  check('search: in lesson 02', !found.some((href) => href.includes('02_conversion_rates')) && found);
  await page.screenshot({ path: join(SHOTS, 'search.png') });
}

/** What waits for a click on a lesson's page: quiz answers and outputs below a prediction. */
async function folds(page, origin) {
  await page.setViewportSize(WIDTHS.desk);
  await page.goto(`${origin}/notebooks/02_conversion_rates.html`);
  const kinds = { quiz: '#quiz details', prediction: 'details.hide' };
  for (const [kind, selector] of Object.entries(kinds)) {
    const all = page.locator(selector);
    const count = await all.count();
    check(`${kind}: there are some`, count < 3 && `${count}`);
    for (const one of await all.all()) {
      const inside = one.locator(':scope > :not(summary)').first();
      check(`${kind}: hidden before the click`, (await inside.isVisible()) && 'it is not');
      await one.locator('summary').click();
      check(`${kind}: seen after it`, !(await inside.isVisible()) && 'it is not');
    }
  }
  await page.locator('#further-reading a', { hasText: 'Wilson 1927' }).click();
  await page.waitForURL(/references\.html#wilson-1927$/);
  await page.waitForTimeout(1000); // the page glides there
  const top = await page.locator('#wilson-1927').evaluate((place) => place.getBoundingClientRect().top);
  const seen = top >= 0 && top < WIDTHS.desk.height;
  check('further reading: a work leads to its line', !seen && `${page.url()} is at ${top}`);
}

/** The page's own switch makes it dark and light, and diagrams follow. */
async function themeSwitch(page, origin) {
  await page.goto(`${origin}/notebooks/00_start_here.html`);
  await settled(page);
  const themes = new Set();
  for (let clicks = 0; clicks < 3; clicks += 1) {
    await page.locator('.theme-toggle:visible').first().click();
    await page.waitForTimeout(500);
    themes.add(await page.evaluate(() => document.body.dataset.theme));
    check('theme switch: the diagram is still drawn', (await look(page)).diagrams);
  }
  check('theme switch: light and dark', !(themes.has('light') && themes.has('dark')) && [...themes]);
}

if (!existsSync(join(SITE, 'index.html'))) {
  console.log('There is no site in build/site/html: run `python start.py site` first.');
  process.exit(2);
}
rmSync(SHOTS, { recursive: true, force: true });
mkdirSync(SHOTS, { recursive: true });
const paths = readdirSync(SITE, { recursive: true })
  .filter((path) => path.endsWith('.html') && !path.startsWith('_'))
  .filter((path) => !wanted.length || wanted.some((part) => path.includes(part)))
  .sort();
const server = await serve();
const origin = `http://127.0.0.1:${server.address().port}`;
const browser = await startBrowser();
try {
  const places = {};
  for (const theme of Object.keys(AXE_AT)) {
    const context = await browser.newContext({ colorScheme: theme });
    const page = await context.newPage();
    const heard = [];
    page.on('console', (message) => message.type() === 'error' && heard.push(message.text()));
    page.on('response', (answer) => answer.status() >= 400 && heard.push(answer.url()));
    page.on('pageerror', (error) => heard.push(error.message));
    page.on('request', (request) => {
      const url = request.url();
      if (!/^(data|blob):/.test(url) && !url.startsWith(origin)) heard.push(`it asks for ${url}`);
    });
    for (const path of paths) {
      places[path] = await visit(page, heard, origin, path, theme);
      console.log(`  ${path}, ${theme}`);
    }
    if (theme === 'light' && (!wanted.length || wanted.includes('scenarios'))) {
      await search(page, origin);
      await folds(page, origin);
      await themeSwitch(page, origin);
    }
    await context.close();
  }
  checkLinks(origin, places);
} finally {
  await browser.close();
  server.close();
}
console.log(`\n${paths.length} pages: ${marks.passed} checks passed, ${marks.failed} failed`);
process.exitCode = marks.failed || !marks.passed ? 1 : 0;
