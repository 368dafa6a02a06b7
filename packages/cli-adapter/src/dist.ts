// Where the built files are. This source and the bundles that hold it lie both one folder below the package.

import { fileURLToPath } from 'node:url'

/** The path of a built file. @param name such as `deliver-later.cjs` */
export const builtFile = (name: string): string => fileURLToPath(new URL(`../dist/${name}`, import.meta.url))
