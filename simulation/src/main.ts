// `npm run simulate`: plays the world from one seed after the other, until a promise is broken. Exit code 1 when one was.

import { parseArgs } from 'node:util'
import { play, shrunk, stepsOf } from './run'

const USAGE = `npm run simulate -- [options]

Plays learners, hosts, disks and receivers in virtual time: whatever order things happen in, nothing that was acknowledged is
lost, sent under another name, sent while recording is off, or counted twice.

  --seed <n>    the first seed. Default: 1
  --seeds <n>   how many. Default: 100
  --steps <n>   what happens in each. Default: 200
  --help        this text
`
const DAY_MS = 86_400_000

const text = { type: 'string' } as const

function numberOf(name: string, given: string): number {
  const number = Number(given)
  if (Number.isSafeInteger(number) && number > 0) return number
  process.stderr.write(`simulate: --${name} takes a whole number from 1 on (found ${given})\n`)
  process.exit(2)
}

function optionsOf(args: string[]) {
  try {
    return parseArgs({ args, options: { seed: text, seeds: text, steps: text, help: { type: 'boolean' } } })
      .values
  } catch (error) {
    process.stderr.write(`simulate: ${(error as Error).message}\n${USAGE}`)
    process.exit(2)
  }
}

const { seed = '1', seeds = '100', steps = '200', help = false } = optionsOf(process.argv.slice(2))
if (help) {
  process.stdout.write(USAGE)
  process.exit()
}
const [first, many, length] = [numberOf('seed', seed), numberOf('seeds', seeds), numberOf('steps', steps)]

const began = performance.now()
const happened = new Map<string, number>()
let acknowledged = 0
let requests = 0
let time = 0
for (let number = first; number < first + many; number++) {
  const plan = stepsOf(number, length)
  const { world, broken } = await play(plan)
  if (broken !== undefined) {
    process.stdout.write(`seed ${number}, ${length} steps: ${broken}\nThe shortest run that was found:\n`)
    const { story, broken: inShort } = await play(await shrunk(plan))
    process.stdout.write(`${story.map((words) => `  ${words}\n`).join('')}${inShort}\n`)
    process.exit(1)
  }
  for (const [name, count] of world.counts) happened.set(name, (happened.get(name) ?? 0) + count)
  acknowledged += world.model.acknowledged
  requests += world.receivers.reduce((sum, receiver) => sum + receiver.requests, 0)
  time += world.timeline.now
}
const seconds = (performance.now() - began) / 1_000
const of = [...happened].sort(([, a], [, b]) => b - a).map(([name, count]) => `${name} ${count}`)
process.stdout.write(
  `${many} seeds of ${length} steps, ${(many / seconds).toFixed(1)} a second: no promise was broken\n` +
    `${Math.round(time / DAY_MS)} days, ${acknowledged} events acknowledged, ${requests} requests\n${of.join(', ')}\n`,
)
