// Names of accounts that are nobody's: in a path, or as the name of this machine's user.

/** Of machines, images, services and lessons. */
export const ACCOUNTS: ReadonlySet<string> = new Set(
  'root user users username usuario admin administrator containeradministrator guest public shared default test demo student learner teacher developer nobody daemon system service local localhost build deploy site app web www www-data pi node runner runneradmin ubuntu debian docker vagrant vscode codespace gitpod coder jovyan replit circleci travis jenkins ec2-user azureuser cloudshell-user linuxbrew'.split(
    ' ',
  ),
)

export const isAccount = (name: string): boolean => ACCOUNTS.has(name.toLowerCase())
