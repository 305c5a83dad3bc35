// The course in a real JupyterLab and a real browser.
//
//   make browser                      every scenario
//   make browser ARGS="02"            only those whose name contains 02
//   make browser ARGS="02 --dark"     in JupyterLab's dark theme
//
// It needs Node 20 and Chromium (/usr/bin/chromium, or what the variable CHROMIUM names), and on
// PATH the python of an environment of the course. Each scenario has a copy of the course, a
// home, a port and a tab of its own. Pictures of what was seen are left in shots/, to be looked
// at: a test does not see that a label covers another. For them to show the signs and the
// Chinese terms, the machine needs fonts that have these.
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as lab from './lab.mjs';

const SHOTS = join(dirname(fileURLToPath(import.meta.url)), 'shots');
const dark = process.argv.includes('--dark');
const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));

// [title](target), without what follows a # in the target.
const LINK = /\[([^\]]+)\]\(([^)#]+)[^)]*\)/g;

const marks = { passed: 0, failed: 0 };

/** Say in one line whether something is as it should be; `faults` says what is not. */
function check(what, ...faults) {
  const found = faults.flat().filter(Boolean);
  marks[found.length ? 'failed' : 'passed'] += 1;
  console.log(found.length ? `✗ ${what}: ${found.join('; ')}` : `✓ ${what}`);
}

/** What somebody sees who starts the course for the first time. */
async function newcomer({ page, name, folder }) {
  await page.waitForTimeout(3000); // for pop-ups, which like to come late
  await page.screenshot({ path: join(folder, 'first.png') });
  const path = await lab.pathInFront(page);
  check(`${name}: lesson 00 is open`, path !== 'notebooks/00_start_here.ipynb' && path);

  const seen = await lab.layout(page);
  check(`${name}: it is the only tab`, seen.tabs.length !== 1 && seen.tabs);
  check(
    `${name}: its contents stand at the left`,
    seen.left !== 'table-of-contents' && `there is ${seen.left}`,
    !seen.headings.includes('How a notebook works') && `headings: ${seen.headings}`,
  );
  check(`${name}: nothing pops up`, seen.popups);
  check(`${name}: the theme is the one the user has set`, seen.light === dark && 'it is not');
}

/** A lesson, run from top to bottom, looked at, and left by each of its links. */
async function lesson({ page, name, folder }) {
  await lab.runAll(page);
  await lab.photograph(page, folder);
  const cells = await lab.cells(page);
  checkRun(name, cells);
  checkDrawn(name, cells);

  const answers = page.locator('.jp-NotebookPanel details');
  if (await answers.count()) {
    for (const answer of await answers.all()) await answer.locator('summary').click();
    await page.screenshot({ path: join(folder, 'answers.png') });
    const shut = await answers.evaluateAll((all) => all.filter((one) => !one.open).length);
    check(`${name}: answers unfold at a click`, shut && `${shut} do not`);
  }

  const path = await lab.pathInFront(page);
  for (const [, title, target] of cells[0].source.matchAll(LINK)) {
    const followed = lab.follow(page, title, posix.join('notebooks', target));
    const trouble = await followed.then(() => null, (error) => error.message);
    check(`${name}: the link “${title}” opens its notebook`, trouble);
    await lab.comeBack(page, path);
  }
}

/** Exercise 01, reached from its lesson: untouched, then with wrong answers, then right ones. */
async function exercise({ page, name, folder }) {
  const file = '01_the_funnel_and_its_stages.ipynb';
  await lab.follow(page, '📝 Exercise', `exercises/${file}`);
  await lab.kernelReady(page);
  const untouched = await lab.cells(page);
  const solution = JSON.parse(readFileSync(join(lab.ROOT, 'exercises/solutions', file), 'utf8'));
  // What people write: events for people, browsers for people, the wrong rows, the wrong question.
  const mistakes = {
    'answer-1-1': 'len(clean[(clean["event"] == "page_view") & (clean["timestamp"].dt.month == 4)])',
    'answer-1-2': 'funnels.funnel(clean, ["visit", "lead", "customer"])',
    'answer-1-3': 'return int((log["event"] == second).sum())',
    'answer-1-4': 'len(single[(single["event"] == "page_view") & (single["timestamp"].dt.month == 5)])',
    'answer-1-5': 'int((by_people["level"] >= 3).sum())',
    'answer-1-6': '{"marketing": 0, "sales": 0, "both": 0}',
  };
  const answers = untouched.filter((cell) => cell.id in mistakes);
  const wrong = answers.map(({ id, source }) => [id, source.replace('...', mistakes[id])]);
  const bare = (source) => [source].flat().join('').replace(/^ *### (BEGIN|END) SOLUTION\n/gm, '');
  const right = solution.cells.map(({ id, source }) => [id, bare(source)]);
  const rounds = { untouched: ['○', []], wrong: ['✗', wrong], right: ['✓', right] };
  for (const [round, [sign, sources]] of Object.entries(rounds)) {
    await lab.write(page, Object.fromEntries(sources));
    await lab.runAll(page);
    await lab.photograph(page, join(folder, round));
    const cells = await lab.cells(page);
    checkRun(`${name}, ${round}`, cells);
    checkDrawn(`${name}, ${round}`, cells);
    const cards = cells
      .filter((cell) => cell.id.startsWith('answer-'))
      .map((cell) => cell.outputs.map((output) => output.data?.['text/plain']).join(''));
    const others = cards.filter((card) => !card.startsWith(`${sign} `));
    check(`${name}, ${round}: ${cards.length} tasks say ${sign}`, others);
  }
}

/** See that every cell of a notebook ran, and none failed. */
function checkRun(name, cells) {
  const code = cells.filter((cell) => cell.type === 'code');
  const unrun = code.filter((cell) => cell.source.trim() && cell.count === null);
  check(`${name}: ${code.length} cells ran`, !code.length && 'none', unrun.map((cell) => cell.id));
  const errors = code
    .filter((cell) => !cell.tags.includes('raises-exception'))
    .flatMap((cell) => cell.outputs.map((output) => ({ id: cell.id, ...output })))
    .filter((output) => output.output_type === 'error')
    .map(({ id, ename, evalue }) => `${id}: ${ename}: ${evalue}`);
  check(`${name}: none of them failed`, errors);
}

/** See that what the cells of a notebook hold is on the screen. */
function checkDrawn(name, cells) {
  const count = (text, pattern) => text.match(pattern)?.length ?? 0;
  const pictures = ({ outputs }) => outputs.filter((output) => output.data?.['image/png']).length;
  const drawings = {
    pictures: (cell) => (cell.type === 'code' ? pictures(cell) : 0),
    diagrams: (cell) => (cell.type === 'markdown' ? count(cell.source, /^```mermaid$/gm) : 0),
    formulas: (cell) => count(prose(cell), /\$\$[^$]+\$\$|\$[^$]+\$/g),
    folded: (cell) => count(prose(cell), /<details>/g),
  };
  for (const [kind, expected] of Object.entries(drawings)) {
    const total = cells.reduce((sum, cell) => sum + expected(cell), 0);
    const faults = cells
      .filter((cell) => cell.drawn[kind] !== expected(cell))
      .map((cell) => `${cell.id} has ${cell.drawn[kind]} of ${expected(cell)}`);
    const what = kind === 'folded' ? 'folded answers' : kind;
    if (total || faults.length) check(`${name}: ${total} ${what} are there`, faults);
  }
  const wide = cells.filter((cell) => cell.drawn.tooWide).map((cell) => cell.id);
  check(`${name}: nothing is wider than its place`, wide);
}

/** The text of a text cell without its code, in which a $ is a $. */
function prose({ type, source }) {
  if (type !== 'markdown') return '';
  return source.replace(/^```[^]*?^```$/gm, '').replace(/`[^`\n]+`/g, '');
}

/** Prepare what a scenario needs, play it, and see that it leaves nothing behind. */
async function play(browser, { name, number, scenario }) {
  const folder = join(SHOTS, `${name}${dark ? ' dark' : ''}`.replaceAll(' ', '-'));
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const server = await lab.startLab({ lesson: number, dark });
  const { page, requests, errors } = await lab.openTab(browser);
  try {
    await lab.openNotebook(page, server.address);
    await scenario({ page, name, folder });
  } catch (error) {
    await page.screenshot({ path: join(folder, 'failed.png') });
    check(`${name}: played to the end`, error.message);
  } finally {
    await page.close();
    const code = await server.stop();
    check(`${name}: Ctrl+C ends it`, code !== 0 && `exit code ${code}`);
  }
  check(`${name}: no error in the page`, errors);
  const strangers = requests.filter((url) => {
    const { protocol, hostname } = new URL(url);
    return !['data:', 'blob:'].includes(protocol) && !['127.0.0.1', 'localhost'].includes(hostname);
  });
  check(`${name}: none of ${requests.length} requests leaves the machine`, strangers);
  // For these the page asks its server, and the server would ask the internet.
  const news = requests.filter((url) => /\/lab\/api\/(news|update|extensions)/.test(url));
  check(`${name}: no question for news, updates or extensions`, news);
}

const lessons = readdirSync(join(lab.ROOT, 'notebooks')).filter((file) => /^\d\d_.*\.ipynb$/.test(file));
const scenarios = [
  { name: 'newcomer', scenario: newcomer },
  ...lessons.sort().map((file) => {
    const number = file.slice(0, 2);
    return { name: `lesson ${number}`, number, scenario: lesson };
  }),
  { name: 'exercise 01', number: '01', scenario: exercise },
];
const browser = await lab.startBrowser();
try {
  for (const one of scenarios) {
    if (!wanted.length || wanted.some((part) => one.name.includes(part))) await play(browser, one);
  }
} finally {
  await browser.close();
}
console.log(`\n${marks.passed} passed, ${marks.failed} failed`);
process.exitCode = marks.failed || !marks.passed ? 1 : 0;
