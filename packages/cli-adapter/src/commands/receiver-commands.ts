// `allow`, `disallow` and `allowed`: to whom the student's token goes.

import type { Command } from 'commander'
import { allow, allowed, disallow, ISSUER, originOf, receiversProblem } from '../consent/receivers'
import { CommandError } from '../shared/command-error'
import { keeping } from './keeping'
import { JSON_OPTION, type Print } from './options'

const ORIGIN = ['<origin>', 'such as https://school.example, or a URL of it'] as const

export function addReceiverCommands(root: Command, print: Print): void {
  root
    .command('allow')
    .description('let a receiver have your LearnPack token, so that it knows who sends')
    .argument(...ORIGIN)
    .option(...JSON_OPTION)
    .action((text: string, options: { json?: boolean }) => {
      const origin = originOf(text)
      kept(() => allow(origin))
      print(options.json, { allowed: list() }, () => `${origin} gets your token from now on`)
    })
  root
    .command('disallow')
    .description('let it have your token no longer')
    .argument(...ORIGIN)
    .option(...JSON_OPTION)
    .action((text: string, options: { json?: boolean }) => {
      const origin = originOf(text)
      if (origin === ISSUER)
        throw new CommandError(`${origin}: issued your token; log out of LearnPack to send it nothing`)
      const before = list()
      kept(() => disallow(origin))
      print(options.json, { allowed: list() }, () =>
        before.includes(origin)
          ? `${origin} gets your token no longer`
          : `${origin} was not allowed to have your token`,
      )
    })
  root
    .command('allowed')
    .description('list the receivers that may have your token')
    .option(...JSON_OPTION)
    .action((options: { json?: boolean }) => {
      const origins = list()
      print(options.json, { allowed: origins }, () =>
        [`${ISSUER} (LearnPack logs in there)`, ...origins].join('\n'),
      )
    })
}

const list = (): string[] => kept(allowed)

const kept = <T>(action: () => T): T => keeping(action, receiversProblem)
