// Every command, its arguments and its options: the one place that `--help`, `learnpack telemetry:...` and the
// documents are made from.

import { measure, snapshot, stillDead } from '@learnpack/telemetry-core'
import { courseFolder, recordEntries, replaceFile } from '@learnpack/telemetry-transport-file'
import { Command, Option } from 'commander'
import { choose, consent, switchedOff } from '../consent/consent'
import { describeFindings, examine } from '../doctor/examine'
import { decoded } from '../reading/attempts'
import { checkFolder, findCourse, findLog } from '../reading/find-log'
import { workAt } from '../reading/work'
import { parseUntil, replayLog } from '../reading/replay'
import { courseStatus } from '../reading/status'
import { readCourseConfig } from '../sending/learn-json'
import { CommandError } from '../shared/command-error'
import { isoTime, oneLine, paintFor, visible, type Output } from '../shared/output'
import { kilobytes } from '../shared/sizes'
import { deliver, type DeliverOptions } from './deliver'
import { describeStatus } from './describe-status'
import { EXIT } from './exit-code'
import { exportCourse } from './export'
import { keeping } from './keeping'
import { csvOf, describeMeasures } from './describe-measures'
import { DEBUG_OPTION, FOLDER, JSON_OPTION, type Print } from './options'
import { describeRequest, preview, withTextsDecoded } from './preview'
import { purge } from './purge'
import { addReceiverCommands } from './receiver-commands'
import { describeWork } from './show'
import { addWatchCommand } from './watch-command'

const WORK = ['[path]', 'a course folder, a telemetry.json, or an event log', '.'] as const

/** @param exit told an exit code where a command succeeds with one */
export function program(output: Output, exit: (code: number) => void): Command {
  const paint = paintFor(output)
  const print: Print = (json, value, text) =>
    output.out(`${json ? visible(JSON.stringify(value)) : text()}\n`)
  const root = new Command('learnpack-telemetry')
    .description('See, deliver and control what LearnPack records of your work in a course.')
    .exitOverride()
    .configureOutput({ writeOut: output.out, writeErr: output.err })
    .showHelpAfterError('(--help shows how to call it)')

  root
    .command('show')
    .description('show in plain words what LearnPack knows about you')
    .argument(...WORK)
    .option('--step <slug>', 'only that step')
    .option('--full', 'with every text: your code, its output, questions and answers')
    .option('--json', 'print telemetry.json with its texts decoded')
    .action((path: string, options: { step?: string; full?: boolean; json?: boolean }) => {
      const work = workAt(path)
      const { step, full = false } = options
      if (step !== undefined && !work.state.course?.some(({ slug }) => slug === step)) {
        throw new CommandError(`--step: the course has no step ${JSON.stringify(step)}`)
      }
      const all = decoded(snapshot(work.state))
      const chosen = { ...all, steps: all.steps.filter(({ slug }) => step === undefined || slug === step) }
      print(options.json, chosen, () => describeWork(chosen, work, full, paint))
      if (!options.json && !full) {
        output.out(
          `\n${paint.dim('--full shows every text; export writes you a copy of it all, purge deletes it')}\n`,
        )
      }
    })
  root
    .command('status')
    .description('show what is kept of a course, what was delivered, and whether it is sound')
    .argument(...FOLDER)
    .option(...JSON_OPTION)
    .action((path: string, options: { json?: boolean }) => {
      const { folder, current } = findCourse(path)
      const status = courseStatus(folder, current, readCourseConfig(folder))
      folder.close()
      print(options.json, status, () => visible(describeStatus(status, Date.now())))
    })
  root
    .command('replay')
    .description('fold an event log and print the telemetry.json it results in')
    .argument('[path]', 'a course folder, or an event log (events.ndjson)', '.')
    .option('--at <moment>', 'only up to a line number, an ISO 8601 time or an event id')
    .option('--out <file>', 'write to this file instead of printing')
    .action((path: string, options: { at?: string; out?: string }) => {
      const until = options.at === undefined ? undefined : parseUntil(options.at)
      const { json, messages } = replayLog(findLog(path), until)
      for (const message of messages) output.err(`${visible(message)}\n`)
      if (options.out === undefined) output.out(`${json}\n`)
      else write(options.out, json)
    })
  root
    .command('measure')
    .description('time, struggles, engagement and frustration, per step and for the course')
    .argument(...WORK)
    .addOption(new Option('--json', 'print JSON').conflicts('csv'))
    .option('--csv', 'print CSV')
    .action((path: string, options: { json?: boolean; csv?: boolean }) => {
      const measures = measure(snapshot(workAt(path).state))
      print(options.json, measures, () => (options.csv ? csvOf(measures) : describeMeasures(measures, paint)))
    })
  root
    .command('flush')
    .description('deliver now what waits for the destinations of learn.json')
    .argument(...FOLDER)
    .option(...JSON_OPTION)
    .option(...DEBUG_OPTION)
    .action((path: string, options: DeliverOptions) => deliver(path, output, options))
  root
    .command('debug')
    .description('print the requests that would be sent now, secrets masked, and send none')
    .argument(...FOLDER)
    .option('--decode', 'with texts as you wrote them instead of base64')
    .option('--json', 'print them as a JSON array')
    .action(async (path: string, options: { decode?: boolean; json?: boolean }) => {
      const { requests: exact, reasons } = await preview(path, Date.now())
      const requests = options.decode ? exact.map(withTextsDecoded) : exact
      for (const reason of reasons) output.err(`${visible(reason)}\n`)
      if (options.json) print(true, requests, String)
      else for (const request of requests) output.out(`${describeRequest(request, paint)}\n\n`)
    })
  const letters = root.command('dead-letters').description('events that a destination refused for good')
  letters
    .command('list')
    .description('show them, with the answer each was given')
    .argument(...FOLDER)
    .option(...JSON_OPTION)
    .action((path: string, options: { json?: boolean }) => {
      const { folder, current } = findCourse(path)
      const dead = stillDead(folder.open(current).deadLetters.list())
      folder.close()
      print(options.json, dead, () =>
        dead.length === 0
          ? 'no dead letters'
          : dead
              .map(({ id, destination, at, reason }) =>
                oneLine(`${id}  ${isoTime(at)}  ${destination}: ${reason}`),
              )
              .join('\n'),
      )
    })
  letters
    .command('resend')
    .description('send them again, all or those with the given ids')
    .argument('<folder>', 'a course folder')
    .argument('[ids...]', 'event ids, as dead-letters list shows them')
    .option(...JSON_OPTION)
    .option(...DEBUG_OPTION)
    .action((path: string, ids: string[], options: DeliverOptions) => deliver(path, output, options, ids))
  for (const [name, enabled] of [
    ['enable', true],
    ['disable', false],
  ] as const) {
    root
      .command(name)
      .description(enabled ? 'record again' : 'record nothing, write nothing and send nothing from now on')
      .argument('[folder]', 'only in this course folder; without it, everywhere')
      .option(...JSON_OPTION)
      .action((path: string | undefined, options: { json?: boolean }) => {
        chosen(enabled, path)
        const now = consent(path ?? '.')
        print(options.json, now, () => {
          const where = path === undefined ? 'everywhere' : `in ${courseFolder(path)}`
          const said = `recording is ${enabled ? 'on' : 'off'} ${where}`
          if (now.enabled !== enabled) return visible(`${said}, but ${now.because} decides otherwise here`)
          const off = enabled && path === undefined ? switchedOff() : []
          return visible(off.length === 0 ? said : `${said} but in ${off.join(', ')}, switched off by itself`)
        })
      })
  }
  addReceiverCommands(root, print)
  addWatchCommand(root, output)
  root
    .command('export')
    .description('write everything that is recorded of you in a course to a new folder or zip file')
    .argument(...FOLDER)
    .requiredOption('--to <path>', 'a folder that is not there yet, or a file that ends in .zip')
    .option(...JSON_OPTION)
    .action(async (path: string, options: { to: string; json?: boolean }) => {
      const exported = await exportCourse(path, options.to, output.progress)
      for (const reason of exported.left_out) output.err(`left out: ${visible(reason)}\n`)
      print(options.json, exported, () => {
        const bytes = exported.files.reduce((sum, file) => sum + file.bytes, 0)
        return visible(
          `wrote ${exported.to}: ${exported.files.length} files, ${kilobytes(bytes)}; README.txt says what is in them`,
        )
      })
    })
  root
    .command('purge')
    .description('delete everything that is recorded of a course, delivered or not')
    .argument(...FOLDER)
    .option('--yes', 'do not ask')
    .option(...JSON_OPTION)
    .action(async (path: string, options: { yes?: boolean; json?: boolean }) => {
      const paths = deleting(path, () => recordEntries(path))
      if (paths.length > 0 && !options.yes) {
        if (output.ask === undefined) throw new CommandError('purge: needs --yes where nobody can be asked')
        output.err(`${visible(paths.join('\n'))}\n`)
        if (!(await output.ask('Delete these for good?'))) throw new CommandError('nothing was deleted')
      }
      const deleted = deleting(path, () => purge(path))
      print(options.json, { deleted }, () =>
        deleted.length === 0
          ? 'nothing is recorded there'
          : visible(deleted.map((one) => `deleted ${one}`).join('\n')),
      )
    })
  root
    .command('doctor')
    .description('look for what is wrong, and say what to do; exit code 1 for warnings, 2 for errors')
    .argument(...FOLDER)
    .option('--probe', 'ask the destinations, too, whether they are there; sends nothing of yours')
    .option(...JSON_OPTION)
    .action(async (path: string, options: { probe?: boolean; json?: boolean }) => {
      const findings = await examine(path, options)
      exit(Math.max(EXIT.ok, ...findings.map(({ level }) => EXIT[level])))
      print(options.json, findings, () => describeFindings(findings, paint))
    })
  return root
}

function chosen(enabled: boolean, path: string | undefined): void {
  if (path !== undefined) checkFolder(path)
  keeping(() => choose(enabled, path))
}

function deleting<T>(path: string, action: () => T): T {
  checkFolder(path)
  try {
    return action()
  } catch (error) {
    throw new CommandError(`${path}: not everything could be deleted (${(error as Error).message})`)
  }
}

function write(path: string, text: string): void {
  if (path === '') throw new CommandError('--out: names no file')
  try {
    replaceFile(path, [text])
  } catch (error) {
    throw new CommandError(`--out: ${path} could not be written (${(error as Error).message})`)
  }
}
