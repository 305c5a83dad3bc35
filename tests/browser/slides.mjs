// Every slide of every lesson in a real browser, at 1280 × 720, opened as files from a folder.
//
//   make show                     the slides made anew, and every one of them
//   node slides.mjs               every slide that is in build/slides
//   node slides.mjs 02 21         only those of these lessons
//   node slides.mjs scenarios     only keys, the speaker's window, print and the list of slides
//
// It needs what run.mjs needs, but no Python. A picture of each slide is left in shots/slides/.
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ROOT, startBrowser } from './lab.mjs';

const HERE = dirname(fileURLToPath(import.meta.url));
const SLIDES = join(ROOT, 'build', 'slides');
const SHOTS = join(HERE, 'shots', 'slides');
const SIZE = { width: 1280, height: 720 };
const SMALLEST = 18; // pixels of a letter's height
const FEWEST = 20;
const MOST = 35;
const wanted = process.argv.slice(2);

const marks = { passed: 0, failed: 0 };

/** Say in one line whether something is as it should be; `faults` says what is not. */
function check(what, ...faults) {
  const found = [...new Set(faults.flat().filter(Boolean))];
  marks[found.length ? 'failed' : 'passed'] += 1;
  if (found.length) console.log(`✗ ${what}: ${found.slice(0, 8).join('; ')}`);
}

/** Open a page of the slides, and wait until formulas and diagrams are drawn. */
async function open(page, name, query = '') {
  await page.goto(`${pathToFileURL(join(SLIDES, name))}${query}`);
  await page.waitForFunction(() => window.slidesReady, null, { timeout: 60_000 });
  await page.evaluate(() => window.slidesReady);
}

/** Return what is wrong with the slide on the screen, as the last row sees it. */
function look(page, smallest) {
  return page.evaluate((smallest) => {
    const section = window.Reveal.getCurrentSlide();
    const frame = section.querySelector('.page');
    const box = frame.getBoundingClientRect();
    const foot = frame.querySelector('footer').getBoundingClientRect();
    const body = frame.querySelector('.body').getBoundingClientRect();
    const brief = (e) => `${e.tagName.toLowerCase()} “${e.textContent.trim().slice(0, 30)}”`;
    const seen = [...frame.querySelectorAll('*')].filter((e) => {
      const { width, height } = e.getBoundingClientRect();
      return width && height && !e.closest('mjx-assistive-mml, footer, defs, style');
    });
    const out = seen.filter((e) => {
      const { left, right, top, bottom } = e.getBoundingClientRect();
      if (e.closest('mjx-container') && e.tagName !== 'MJX-CONTAINER') return false;
      const inBody = e.closest('.body') && !e.closest('svg');
      const low = inBody ? body.bottom : foot.top;
      return left < box.left - 1 || right > box.right - 20 || top < (inBody ? body.top - 1 : box.top - 1) || bottom > low + 1;
    });
    const wider = seen.filter((e) => e.matches('pre, mjx-container[display]') && e.scrollWidth > e.clientWidth + 1 && e.clientWidth);
    // What a letter measures on the screen, in a diagram after it has been fitted in.
    const small = [];
    let least = Infinity;
    for (const e of seen) {
      const letters = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()) || e.tagName === 'MJX-C';
      if (!letters) continue;
      const svg = e.closest('svg');
      const scale = svg ? svg.getBoundingClientRect().width / svg.viewBox.baseVal.width : 1;
      const size = parseFloat(getComputedStyle(e).fontSize) * scale;
      least = Math.min(least, size);
      if (size < smallest - 0.1) small.push(`${brief(e)} is ${size.toFixed(1)} px`);
    }
    const pictures = [...frame.querySelectorAll('img')];
    return {
      least,
      overflow: [...out.filter((e) => !e.closest('.page > .body > * *')).slice(0, 3), ...out.slice(0, 1), ...wider].map((e) => `${brief(e)} is outside`),
      small: small.slice(0, 3),
      pictures: pictures.filter((img) => !img.naturalWidth || !img.alt.trim()).map(() => 'a picture without content or words'),
      tiny: pictures.filter((img) => img.getBoundingClientRect().width < 900 && img.getBoundingClientRect().height < 480).map(() => 'a figure does not fill its slide'),
      formulas: [...frame.querySelectorAll('mjx-merror, [data-mjx-error]')].map(brief),
      raw: [...frame.querySelectorAll('.math')].filter((m) => !m.querySelector('mjx-container')).map(brief),
      diagrams: [...frame.querySelectorAll('pre.mermaid')].filter((p) => !p.querySelector('svg') || /Syntax error/.test(p.textContent)).map(brief),
      notes: section.querySelector('aside.notes').textContent.trim() ? [] : ['no notes'],
      kind: section.className.split(' ')[0],
    };
  }, smallest);
}

/** Look at every slide of one lesson. */
async function visit(page, heard, name) {
  heard.length = 0;
  await open(page, name);
  const total = await page.evaluate(() => window.Reveal.getTotalSlides());
  check(`${name}: ${FEWEST} to ${MOST} slides`, (total < FEWEST || total > MOST) && `${total}`);
  const kinds = [];
  for (let number = 1; number <= total; number += 1) {
    if (number > 1) await page.keyboard.press('ArrowRight');
    const there = await page.evaluate(() => window.Reveal.getSlidePastCount() + 1);
    const slide = `${name}, slide ${number}`;
    check(`${slide}: the arrow leads to it`, there !== number && `it leads to ${there}`);
    const seen = await look(page, SMALLEST);
    kinds.push(seen.kind);
    check(`${slide}: nothing is outside`, seen.overflow);
    check(`${slide}: letters are large enough`, seen.small);
    check(`${slide}: pictures`, seen.pictures, seen.tiny);
    check(`${slide}: formulas and diagrams`, seen.formulas, seen.raw, seen.diagrams);
    // What is on the title, in a picture or in a list may need no more words.
    if (['question', 'trap', 'quiz', 'memo'].includes(seen.kind)) check(`${slide}: notes`, seen.notes);
    await page.screenshot({ path: join(SHOTS, `${name.slice(0, 2)}-${String(number).padStart(2, '0')}.png`) });
  }
  const answered = kinds.every((kind, at) => kind !== 'question' || ['answer', 'figure'].includes(kinds[at + 1]));
  check(`${name}: each question is followed by its answer`, !answered && kinds.join(' '));
  check(`${name}: no error in the console, no other host`, [...heard]);
  return total;
}

/** The speaker's window opens on S, and shows the notes of the slide that is on. */
async function speaker(browser, context, page, name) {
  await open(page, name);
  const found = await page.evaluate(() => {
    const slides = window.Reveal.getSlides();
    const at = slides.findIndex((slide) => slide.classList.contains('question'));
    const { h, v } = window.Reveal.getIndices(slides[at]);
    window.Reveal.slide(h, v);
    return slides[at].querySelector('aside.notes').textContent.trim().slice(0, 30);
  });
  const [popup] = await Promise.all([context.waitForEvent('page'), page.keyboard.press('s')]);
  await popup.waitForTimeout(4000);
  const shown = await popup.evaluate(() => document.querySelector('.speaker-controls-notes .value')?.textContent ?? '');
  check('speaker: the notes are in the window', !shown.includes(found) && `it shows “${shown.slice(0, 60)}”, not “${found}”`);
  await popup.screenshot({ path: join(SHOTS, 'speaker.png') });
  await popup.close();
}

/** Printed, each slide is one page. */
async function print(page, name) {
  await open(page, name, '?print-pdf');
  await page.waitForTimeout(1500);
  const seen = await page.evaluate(() => ({
    pages: document.querySelectorAll('.pdf-page').length,
    slides: document.querySelectorAll('section[data-cell]').length,
    cut: [...document.querySelectorAll('.pdf-page')].filter((p) => p.scrollHeight > p.clientHeight + 2).length,
  }));
  check('print: a page for each slide', seen.pages !== seen.slides && `${seen.pages} pages, ${seen.slides} slides`);
  check('print: no page is cut', seen.cut && `${seen.cut} are`);
  const pdf = await page.pdf({ path: join(SHOTS, 'print.pdf'), preferCSSPageSize: true, printBackground: true });
  const pages = pdf.toString('latin1').match(/\/Type\s*\/Page(?!s)/g)?.length ?? 0;
  check('print: the PDF has as many', pages !== seen.slides && `${pages} pages, ${seen.slides} slides`);
}

/** The help of the keys opens on a question mark; the list of slides leads to every lesson. */
async function keysAndList(page, names) {
  await open(page, names[0]);
  await page.keyboard.press('Shift+Slash');
  check('keys: a question mark shows them', !(await page.locator('.r-overlay, .overlay-help').count()) && 'it does not');
  await page.screenshot({ path: join(SHOTS, 'keys.png') });
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
  await page.waitForTimeout(800);
  check('keys: Escape shows all', !(await page.evaluate(() => window.Reveal.isOverview())) && 'it does not');
  await page.screenshot({ path: join(SHOTS, 'overview.png') });
  await page.goto(String(pathToFileURL(join(SLIDES, 'index.html'))));
  const listed = await page.locator('td a').evaluateAll((all) => all.map((a) => a.getAttribute('href')));
  check('list: it leads to the slides of every lesson', names.filter((name) => !listed.includes(name)));
  check('list: each is there', listed.filter((name) => !existsSync(join(SLIDES, name))));
  await page.screenshot({ path: join(SHOTS, 'index.png') });
}

if (!existsSync(join(SLIDES, 'index.html'))) {
  console.log('There are no slides in build/slides: run `python start.py slides` first.');
  process.exit(2);
}
if (!wanted.length) rmSync(SHOTS, { recursive: true, force: true });
mkdirSync(SHOTS, { recursive: true });
const names = readdirSync(SLIDES).filter((name) => /^\d\d_.*\.html$/.test(name)).sort();
const chosen = wanted.length ? names.filter((name) => wanted.some((part) => name.startsWith(part))) : names;
const browser = await startBrowser();
let slides = 0;
try {
  const context = await browser.newContext({ viewport: SIZE });
  const page = await context.newPage();
  const heard = [];
  page.on('console', (message) => message.type() === 'error' && heard.push(message.text()));
  page.on('pageerror', (error) => heard.push(error.message));
  const folder = String(pathToFileURL(SLIDES));
  context.on('request', (request) => {
    const url = request.url();
    if (!/^(data|blob|about):/.test(url) && !url.startsWith(folder)) heard.push(`it asks for ${url}`);
  });
  context.on('requestfailed', (request) => heard.push(`it does not get ${request.url()}`));
  for (const name of chosen) {
    const count = await visit(page, heard, name);
    slides += count;
    console.log(`  ${name}: ${count} slides`);
  }
  if (!wanted.length || wanted.includes('scenarios')) {
    const example = names.find((name) => name.startsWith('02')) ?? names[0];
    heard.length = 0;
    await speaker(browser, context, page, example);
    await print(page, example);
    await keysAndList(page, names);
    check('scenarios: no error in the console, no other host', [...heard]);
  }
} finally {
  await browser.close();
}
console.log(`\n${slides} slides: ${marks.passed} checks passed, ${marks.failed} failed`);
process.exitCode = marks.failed || !marks.passed ? 1 : 0;
