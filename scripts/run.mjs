// Runs every script of package.json: `node scripts/run.mjs <task> [arguments]`. Needs Node and npm only: everything else
// is installed from the lockfile first, into this folder. Set-up talks on stderr so that stdout belongs to the command.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const modules = join(root, 'node_modules')
const stamp = join(modules, '.lockfile-sha256')
const onStderr = ['inherit', process.stderr, process.stderr]

const BUILD = 'turbo run build --output-logs=errors-only --log-order=grouped'
/** The commands of each task. They run until one fails, other than those with a `-`. The last one gets the arguments. */
const TASKS = {
  start: [BUILD, 'node apps/demo/bin/demo.js'],
  // More at once, each with workers of its own, would only wait for each other.
  test: ['turbo run //#lint typecheck build test --output-logs=new-only --concurrency=2'],
  check: [BUILD, 'node scripts/check.mjs'],
  build: ['turbo run build'],
  lint: ['eslint .', 'prettier --check --log-level warn .'],
  // What ESLint cannot mend is no reason to leave the rest unformatted.
  format: ['- eslint --fix .', 'prettier --write --log-level warn .'],
  schemas: [BUILD, 'pnpm --recursive run schemas'],
  api: [BUILD, 'node scripts/api.mjs'],
  screenshots: [BUILD, 'node apps/demo/scripts/screenshots.mjs'],
  coverage: ['pnpm --filter @learnpack/telemetry-core run coverage', 'node bench/tests.mjs'],
  mutation: [
    'pnpm --filter @learnpack/telemetry-core run mutation',
    'pnpm --filter @learnpack/telemetry-redaction run mutation',
    'node bench/tests.mjs',
  ],
  bench: [BUILD, 'node bench/run.mjs'],
  'stress:kill': [BUILD, 'pnpm --filter @learnpack/telemetry-transport-file run stress:kill'],
  'stress:cli': [BUILD, 'node packages/cli-adapter/stress/cli.mjs'],
  simulate: [BUILD, 'node simulation/dist/main.js'],
  'simulate:planted': ['node simulation/planted.mjs'],
  'stress:faults': [BUILD, 'node packages/cli-adapter/stress/faults.mjs'],
  tarballs: [BUILD, 'pnpm --recursive --filter ./packages/* pack --out tarballs/%s.tgz'],
  changeset: ['changeset'],
  versions: ['changeset version', 'pnpm install --lockfile-only', 'node scripts/run.mjs schemas'],
  release: ['node scripts/run.mjs check', 'changeset publish'],
}

/** Resolves once the command has ended; with its code where it may not fail and does, this process ends. */
function run(command, args, { stdio = 'inherit', mayFail = false } = {}) {
  const child = spawn(command, args, {
    cwd: root,
    stdio,
    shell: process.platform === 'win32',
    env: {
      ...process.env,
      PATH: join(modules, '.bin') + delimiter + process.env.PATH,
      TURBO_TELEMETRY_DISABLED: '1',
      TURBO_NO_UPDATE_NOTIFIER: '1',
      npm_config_update_notifier: 'false',
    },
  })
  // A terminal signals the whole group; whoever signals only us means what we run.
  const forward = (signal) => child.kill(signal)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, forward)
  return new Promise((resolve) => {
    child.once('error', (error) => {
      console.error(`${command}: ${error.message}`)
      process.exit(1)
    })
    child.once('close', (code, signal) => {
      for (const one of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.off(one, forward)
      if (signal !== null) process.kill(process.pid, signal)
      else if (code !== 0 && !mayFail) process.exit(code)
      else resolve()
    })
  })
}

async function install() {
  const lockfile = createHash('sha256')
    .update(readFileSync(join(root, 'pnpm-lock.yaml')))
    .digest('hex')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lockfile) return
  console.error('Installing from pnpm-lock.yaml (first run, or the lockfile changed) ...')
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  await run('npx', ['--yes', packageManager, 'install', '--frozen-lockfile', '--reporter=append-only'], {
    stdio: onStderr,
  })
  writeFileSync(stamp, lockfile)
}

const [task, ...args] = process.argv.slice(2)
if (!Object.hasOwn(TASKS, task)) {
  console.error(`run.mjs: ${task ?? 'no task'}: expected one of ${Object.keys(TASKS).join(', ')}`)
  process.exit(2)
}
await install()
for (const [index, line] of TASKS[task].entries()) {
  const mayFail = line.startsWith('- ')
  const [program, ...words] = line.replace(/^- /, '').split(' ')
  const isLast = index === TASKS[task].length - 1
  await run(program === 'node' ? process.execPath : program, isLast ? [...words, ...args] : words, {
    stdio: line === BUILD ? onStderr : 'inherit',
    mayFail,
  })
}
