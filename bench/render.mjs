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

function costs({ machine, recording, longest_history_to_100, burst, delivery, redaction, host, page }) {
  const each = (of) => recording.map(of)
  const [{ ratios_of_all_runs: runs }] = recording
  const longest = Object.entries(longest_history_to_100)
    .sort(([a], [b]) => b - a)
    .map(([bytes, ratio]) => `${number(ratio)} (${number(Number(bytes))} B)`)
  const exits = Object.entries(delivery.added_exit_ms).map(([way, ms]) => `${way} ${number(ms)} ms`)
  const { slowest, steepest, texts } = redaction.hostile_1mb
  const { back, on } = page.script_ms
  return [
    table([
      ['', ...each(({ bytes }) => `${number(bytes)} B`)],
      ['events of history', ...each(({ history }) => history)],
      ['`record()` / floor', ...each((result) => result.ratio_to_floor)],
      ...[0, runs.length - 1].map((n) => [
        `the same, ${n === 0 ? 'lowest' : 'highest'} of ${runs.length} runs`,
        ...each((result) => result.ratios_of_all_runs[n]),
      ]),
      ['`record()`, mean us', ...each((result) => result.mean_us.record)],
      ['`record()`, p99 us', ...each((result) => result.p99_us.record)],
      ['floor, mean us', ...each((result) => result.mean_us.floor)],
      ['`appendFileSync`, mean us', ...each((result) => result.mean_us.appendFileSync)],
      ['sonic-boom (buffers), mean us', ...each((result) => result.mean_us['sonic-boom (buffers)'])],
      ['stock-like writer (1), mean us', ...each((result) => result.stock_like_us)],
      [
        'written for what was recorded, MB',
        ...each((result) => `${number(result.written_mb)} for ${number(result.recorded_mb)}`),
      ],
      ['`start()`, ms', ...each((result) => result.start_ms)],
      ['fold, events/s', ...each((result) => result.fold_events_per_s)],
      [
        'longest hold of the event loop while folding and rendering, ms',
        ...each((result) => result.longest_turn_ms),
      ],
      ['peak memory of the benchmark, MB', ...each((result) => result.peak_memory_mb)],
    ]),
    `(1) the whole state at every event, with at most ${number(Math.max(...each((result) => result.stock_like_events)))} events of history. Of ${runs.length} runs the one in the middle is shown. Folding and rendering happen between the calls that are timed; where the history is short, few calls are timed, and one sync of telemetry.json that falls into them shows. What a call costs at the longest history to what it costs at the shortest, each against its floor: ${longest.join(', ')}. Measured on Node ${machine.node}, ${machine.cores} cores of ${machine.cpu}, ${machine.system}.`,
    `A burst of ${number(burst.events)} events of ${number(burst.event_bytes / burst.events / 1024)} KB writes ${number(burst.ratio)} bytes for every byte of event, log and telemetry.json together.`,
    `The stream delivers ${number(delivery.throughput.ratio)} times as fast as a bare keep-alive fetch loop that posts the same bodies (${number(delivery.throughput.ours_per_s)} events/s). 100,000 events that cannot be delivered add ${number(delivery.undelivered_100000_added_heap_mb)} MB of heap. Closing takes longer than without destinations by, at a receiver that is: ${exits.join(', ')}.`,
    `Redaction takes ${number(redaction.attempt_12kb_us)} us of an attempt of 12 KB. Of ${number(texts)} hostile texts of 1 MB the slowest takes ${number(slowest.ms)} ms; 1 MB takes at most ${number(steepest.times)} times as long as 256 KB. Recording an output of 50 MB takes ${number(redaction.record_50mb_to_64kb)} times as long as one of 64 KB.`,
    `Importing the adapter costs ${number(host.import_ms.commonjs)} ms (CommonJS) or ${number(host.import_ms.esm)} ms (ESM) above an empty Node process. With the plugin linked, \`learnpack start\` serves ${number(host.learnpack_start.later_with_plugin_ms)} ms later than without (${number(host.learnpack_start.plain_ms)} ms).`,
    `In the demo's page, moving by one event in a session of ${number(page.events)} takes ${number(on.mean)} ms of script (back ${number(back.mean)} ms, 99 of 100 moves at most ${number(Math.max(on.p99, back.p99))} ms).`,
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

/** What is more than one number, by name. */
const blocks = { costs, mutants }

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
