// What was measured, as text for the documents. Pure: from results to what stands between two markers.
//
//   <!-- bench:redaction.attempt_12kb_us -->194<!-- /bench -->   in a line: one value, by its path in the results
//
//   <!-- bench:costs -->                                         in lines of its own: one of `blocks`
//   ...
//   <!-- /bench -->

const MARKED = /<!-- bench:(.+?) -->([^]*?)<!-- \/bench -->/g
const number = (value) => value.toLocaleString('en')

/** A case of a list is found by its bytes and history, as in `recording.500x100000.start_ms`. */
const child = (parent, key) =>
  Array.isArray(parent)
    ? parent.find(({ bytes, history }) => `${bytes}x${history}` === key)
    : Object.hasOwn(parent ?? {}, key)
      ? parent[key]
      : undefined

/** @throws Error where the results hold no such number */
function valueOf(results, path) {
  const value = path.split('.').reduce(child, results)
  if (typeof value !== 'number') throw new Error(`${path}: no such number in the results`)
  return number(value)
}

/** As Prettier writes it: figures to the right. */
function table([head, ...rows]) {
  const cells = [head, ...rows].map((row) =>
    row.map((cell) => (typeof cell === 'number' ? number(cell) : cell)),
  )
  const widths = head.map((_, column) => Math.max(3, ...cells.map((row) => row[column].length)))
  const line = (row) =>
    `| ${row.map((cell, n) => (n === 0 ? cell.padEnd(widths[n]) : cell.padStart(widths[n]))).join(' | ')} |`
  const rule = widths.map((width, n) => (n === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`))
  return [line(cells[0]), `| ${rule.join(' | ')} |`, ...cells.slice(1).map(line)].join('\n')
}

/** What a call of `record()` costs, by the size of an event and the events recorded before. */
function recording({ machine, recording, longest_history_to_100 }) {
  const each = (of) => recording.map(of)
  const [{ ratios_of_all_runs: runs }] = recording
  const longest = Object.entries(longest_history_to_100)
    .sort(([a], [b]) => b - a)
    .map(([bytes, ratio]) => `${number(ratio)}x (${number(Number(bytes))} B)`)
  const mostRewritten = Math.max(...each((result) => result.stock_like_events))
  return [
    table([
      ['event size', ...each(({ bytes }) => `${number(bytes)} B`)],
      ['events recorded before', ...each(({ history }) => history)],
      ['`record()` relative to the floor', ...each((result) => result.ratio_to_floor)],
      ...[0, runs.length - 1].map((n) => [
        `the same, ${n === 0 ? 'lowest' : 'highest'} of ${runs.length} runs`,
        ...each((result) => result.ratios_of_all_runs[n]),
      ]),
      ['`record()`, mean us', ...each((result) => result.mean_us.record)],
      ['`record()`, p99 us', ...each((result) => result.p99_us.record)],
      ['floor, mean us', ...each((result) => result.mean_us.floor)],
      ['`appendFileSync`, mean us', ...each((result) => result.mean_us.appendFileSync)],
      ['sonic-boom (buffers), mean us', ...each((result) => result.mean_us['sonic-boom (buffers)'])],
      ['writing the whole state (1), mean us', ...each((result) => result.stock_like_us)],
      ['MB written, log and telemetry.json (2)', ...each((result) => result.written_mb)],
      ['MB written, log alone', ...each((result) => result.recorded_mb)],
      ['`start()`, ms', ...each((result) => result.start_ms)],
      ['folding, events/s', ...each((result) => result.fold_events_per_s)],
      [
        'folding and rendering, longest pause of the event loop, ms',
        ...each((result) => result.longest_turn_ms),
      ],
      ['peak memory of the benchmark, MB', ...each((result) => result.peak_memory_mb)],
    ]),
    `Cost barely grows with history: ${longest.join(' and ')} relative to the floor, from the shortest history to the longest.`,
    `(1) What LearnPack's own manager does at every event; measured with at most ${number(mostRewritten)} events of history.`,
    '(2) From `start()` to the end of the benchmark.',
    `Measured on Node ${machine.node}, ${machine.cores} cores of ${machine.cpu}, ${machine.system}.`,
  ].join('\n\n')
}

/** What a click costs in a host, with the adapter's defaults. */
function clicks({ clicks }) {
  const each = (of) => clicks.map(of)
  return table([
    ['event size', ...each(({ bytes }) => `${number(bytes)} B`)],
    ['events recorded before', ...each(({ history }) => history)],
    ['relative to the floor, no secret in the text', ...each(({ to_floor }) => to_floor.clean)],
    ['relative to the floor, a key in the text', ...each(({ to_floor }) => to_floor.secret)],
    ['relative to the floor, redaction off', ...each(({ to_floor }) => to_floor.without_redaction)],
    ['a click, us', ...each(({ median_us }) => median_us.clean)],
    ['floor, us', ...each(({ median_us }) => median_us.floor)],
  ])
}

/** What arrives of five events of a host that ends at once. */
const endings = ({ delivery: { endings } }) =>
  table([
    ['receiver', 'the host ends by', 'arrived', 'of', 'twice', 'ms longer'],
    ...endings.map((row) => [
      row.receiver,
      row.ending,
      row.delivered,
      row.sent,
      row.duplicates,
      row.added_ms,
    ]),
  ])

/** What destinations add to `close()`, by what their receiver does. */
function closing({ delivery: { added_exit_ms: added } }) {
  const { good, ...bad } = added
  return [
    `\`close()\` adds ${number(good)} ms with a healthy receiver and at most ${number(Math.max(...Object.values(bad)))} ms with a bad one.`,
    table([['receiver', 'ms added'], ...Object.entries(added)]),
  ].join('\n\n')
}

/** How many of the changes made to each file, and to all of them, the tests notice. */
function mutants({ tests: { mutation } }) {
  const sum = (key) => mutation.reduce((total, file) => total + file[key], 0)
  const all = { file: 'all', noticed: sum('noticed'), of: sum('of') }
  const percent = ({ noticed, of }) => ((noticed / of) * 100).toFixed(1)
  return table([
    ['file', 'noticed', 'of', '%'],
    ...[...mutation, all].map((one) => [one.file, one.noticed, one.of, percent(one)]),
  ])
}

/** How often each kind of fault struck in the simulated world. */
const faults = ({ simulation: { faults } }) => table([['fault', 'times'], ...Object.entries(faults)])

/** After how many seeds the simulated world finds a planted fault, and by what. */
const planted = ({ simulation: { planted } }) =>
  table([
    ['planted fault', 'found after seeds', 'what was seen'],
    ...planted.map(({ name, seeds, promise }) => [
      name,
      seeds ?? 'not found',
      (promise ?? '').replace(/[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f-]+/g, 'an event'),
    ]),
  ])

/** What is more than one number, by name. */
const blocks = { clicks, recording, closing, endings, mutants, faults, planted }

/**
 * A document with what was measured filled in.
 * @throws Error where a marker is not closed, begins a line of text, or names what was not measured
 */
export function filled(text, results) {
  // Markdown takes a line that begins with a comment for HTML, and shows its text as it is.
  const first = /^[\s>*+-]*(<!-- bench:.+? -->)[^\n]/m.exec(text)
  if (first) throw new Error(`${first[1]}: begins a line of text`)
  const all = text.replaceAll(MARKED, (_, name, old) => {
    if (old.includes('<!-- bench')) throw new Error(`<!-- bench:${name} -->: is not closed`)
    const block = Object.hasOwn(blocks, name)
    if (block !== old.startsWith('\n')) {
      throw new Error(
        `<!-- bench:${name} -->: ${block ? 'wants lines of its own' : 'is not closed in its line'}`,
      )
    }
    const value = block ? `\n\n${blocks[name](results)}\n\n` : valueOf(results, name)
    return `<!-- bench:${name} -->${value}<!-- /bench -->`
  })
  const unmatched = text.replaceAll(MARKED, '').match(/<!-- \/?bench.*?-->/)
  if (unmatched) throw new Error(`${unmatched[0]}: stands alone`)
  return all
}
