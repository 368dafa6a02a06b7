// Entry of `npm start`, `npm test` and `npm run check`. Needs Node and npm only: everything else is installed from the
// lockfile first, into this folder. Set-up talks on stderr so that stdout belongs to the command.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const modules = join(root, 'node_modules')
const stamp = join(modules, '.lockfile-sha256')
const onStderr = ['inherit', process.stderr, process.stderr]

/** Resolves once the command has ended well; with its code where it did not, this process ends. */
function run(command, args, { stdio = 'inherit' } = {}) {
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
      else if (code !== 0) process.exit(code)
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
await install()
if (task === 'start') {
  await run('turbo', ['run', 'build', '--output-logs=errors-only', '--log-order=grouped'], {
    stdio: onStderr,
  })
  await run(process.execPath, [join(root, 'apps/demo/bin/demo.js'), ...args])
} else if (task === 'test') {
  // More at once, each with workers of its own, would only wait for each other.
  const atOnce = '--concurrency=2'
  await run('turbo', [
    'run',
    '//#lint',
    'typecheck',
    'build',
    'test',
    '--output-logs=new-only',
    atOnce,
    ...args,
  ])
} else if (task === 'check') {
  await run('turbo', ['run', 'build', '--output-logs=errors-only'])
  await run(process.execPath, [join(root, 'scripts/check.mjs')])
} else {
  console.error(`run.mjs: unknown task ${JSON.stringify(task)}; use start, test or check`)
  process.exit(2)
}
