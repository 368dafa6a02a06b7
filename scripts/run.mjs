// Entry of `npm start` and `npm test`. Needs Node and npm only: everything else is installed from the
// lockfile first, into this folder. Set-up talks on stderr so that stdout belongs to the command.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const modules = join(root, 'node_modules')
const stamp = join(modules, '.lockfile-sha256')
const onStderr = ['inherit', process.stderr, process.stderr]

function run(command, args, { stdio = 'inherit' } = {}) {
  const { status, signal, error } = spawnSync(command, args, {
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
  if (error) console.error(`${command}: ${error.message}`)
  if (signal === 'SIGINT' || signal === 'SIGTERM') process.exit(0)
  if (status !== 0) process.exit(status ?? 1)
}

function install() {
  const lockfile = createHash('sha256')
    .update(readFileSync(join(root, 'pnpm-lock.yaml')))
    .digest('hex')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lockfile) return
  console.error('Installing from pnpm-lock.yaml (first run, or the lockfile changed) ...')
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  run('npx', ['--yes', packageManager, 'install', '--frozen-lockfile', '--reporter=append-only'], {
    stdio: onStderr,
  })
  writeFileSync(stamp, lockfile)
}

const [task, ...args] = process.argv.slice(2)
install()
if (task === 'start') {
  run('turbo', ['run', 'build', '--output-logs=errors-only', '--log-order=grouped'], { stdio: onStderr })
  run(process.execPath, [join(root, 'apps/demo/bin/demo.js'), ...args])
} else if (task === 'test') {
  run('turbo', ['run', '//#lint', 'typecheck', 'build', 'test', '--output-logs=new-only', ...args])
} else {
  console.error(`run.mjs: unknown task ${JSON.stringify(task)}; use start or test`)
  process.exit(2)
}
