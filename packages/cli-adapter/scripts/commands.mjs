// Makes the host's commands and their manifest from the commands of `learnpack-telemetry`. With a manifest the
// host loads none of them to know them, so it starts as fast with this plugin as without.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { program } from '../dist/cli.js'

const { name: pluginName, version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url)))
const folder = new URL('../oclif/commands/telemetry/', import.meta.url)
rmSync(new URL('../oclif/commands/', import.meta.url), { recursive: true, force: true })

const commands = {}

function add(command, words) {
  if (command.commands.length > 0) {
    for (const sub of command.commands) add(sub, [...words, sub.name()])
    return
  }
  const id = ['telemetry', ...words].join(':')
  const flags = command.options.map(({ long, description, required }) => {
    const name = long.slice(2)
    return [name, { name, type: required ? 'option' : 'boolean', description, allowNo: false }]
  })
  const args = command.registeredArguments.map((argument) => ({
    name: argument.name(),
    description: argument.description,
    required: argument.required,
  }))
  commands[id] = {
    id,
    description: command.description(),
    pluginName,
    pluginType: 'user',
    aliases: [],
    flags: Object.fromEntries(flags),
    args,
  }
  const up = '../'.repeat(words.length + 1)
  const path = new URL(`${words.join('/')}.js`, folder)
  mkdirSync(new URL('.', path), { recursive: true })
  writeFileSync(path, `module.exports = require('${up}forward')(${JSON.stringify(words)})\n`)
}

const silent = { out() {}, err() {} }
for (const command of program(silent, () => {}).commands) add(command, [command.name()])
writeFileSync(
  new URL('../oclif.manifest.json', import.meta.url),
  `${JSON.stringify({ version, commands }, null, 2)}\n`,
)
