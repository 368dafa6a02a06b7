// Wraps every way to the disk that node:fs and node:fs/promises offer, so that each call below some folders is announced
// first, and whoever hears of it decides what becomes of it. What Node does in one call but a disk in several (writeFile,
// rm of a folder) is announced in its parts: a process can die between them.

import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { constants } from 'node:os'
import { resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

const AT_PATH = 'unlink mkdir rmdir truncate utimes lutimes chmod mkdtemp'
const AT_TWO_PATHS = 'rename link symlink copyFile'
const AT_FD = 'writev fsync fdatasync ftruncate futimes fchmod'
const READ_PATH = 'readFile readdir stat lstat access readlink realpath opendir'
const READ_FD = 'read readv fstat'
/** What a FileHandle calls them. */
const ON_HANDLE = {
  writev: 'writev',
  sync: 'fsync',
  datasync: 'fdatasync',
  truncate: 'ftruncate',
  utimes: 'futimes',
  chmod: 'fchmod',
  read: 'read',
  readv: 'readv',
  readFile: 'readFile',
  stat: 'fstat',
}

const { promises } = fs
const real = { ...fs }
const { O_WRONLY, O_RDWR, O_CREAT, O_TRUNC } = fs.constants

/**
 * @param {readonly string[]} roots folders; what lies elsewhere is left alone
 * @param {(call: {op: string, path: string, changes: boolean, bytes: number}) => undefined | Fault} announce
 * @typedef {{ error?: string, part?: boolean, dieBefore?: boolean, dieAfter?: boolean }} Fault what becomes of a call:
 * fails with that code, writes only half of its bytes, and the process is killed before or after it
 */
export async function wrapFileSystem(roots, announce) {
  /** Open files below the roots. */
  const files = new Map()
  /** Node's own functions call each other: what happens inside one is that one. */
  let inside = 0

  const pathOf = (given) => {
    if (typeof given === 'number') return files.get(given)?.path
    if (typeof given !== 'string' && !(given instanceof URL) && !Buffer.isBuffer(given)) return undefined
    const path = resolve(given instanceof URL ? fileURLToPath(given) : String(given))
    return roots.some((root) => path === root || path.startsWith(root + sep)) ? path : undefined
  }

  function faultFor(op, given, changes, bytes = 0) {
    const path = inside === 0 ? pathOf(given) : undefined
    if (path === undefined) return undefined
    const creates = changes && /^(open|mkdir|link|symlink|copyFile)$/.test(op) && !real.existsSync(path)
    const fault = announce({ op, path, changes, creates, bytes })
    if (fault?.dieBefore) die()
    return fault && { ...fault, error: fault.error && failure(fault.error, op, path) }
  }

  /** @param run the real call @param half the same with half of the bytes */
  function sync(fault, run, { half = run, closes = false } = {}) {
    if (fault?.error && !closes) throw fault.error
    inside++
    try {
      const result = fault?.part ? half() : run()
      if (fault?.error) throw fault.error
      return result
    } finally {
      if (fault?.dieAfter) die()
      inside--
    }
  }

  async function later(fault, run, { half = run, closes = false } = {}) {
    if (fault?.error && !closes) throw fault.error
    try {
      const result = await (fault?.part ? half() : run())
      if (fault?.error) throw fault.error
      return result
    } finally {
      if (fault?.dieAfter) die()
    }
  }

  /** The same with a callback, which is the last argument. */
  function called(fault, run, args, { half = run, closes = false } = {}) {
    const done = args.at(-1)
    if (fault?.error && !closes) return void process.nextTick(done, fault.error)
    const answer = (error, ...results) => {
      if (fault?.dieAfter) die()
      done(error ?? fault?.error ?? null, ...results)
    }
    return (fault?.part ? half : run)([...args.slice(0, -1), answer])
  }

  /** One operation in its three forms. @param given which argument says where */
  function wrap(op, changes, given = (args) => args[0], options = () => ({})) {
    const name = `${op}Sync`
    if (real[name])
      fs[name] = (...args) =>
        sync(faultFor(op, given(args), changes), () => real[name](...args), options(args))
    if (real[op])
      fs[op] = (...args) =>
        called(faultFor(op, given(args), changes), (args) => real[op](...args), args, options(args))
    const promised = promises[op]
    if (promised)
      promises[op] = (...args) =>
        later(faultFor(op, given(args), changes), () => promised(...args), options(args))
  }

  for (const op of AT_PATH.split(' ')) wrap(op, true)
  for (const op of AT_TWO_PATHS.split(' '))
    wrap(op, true, ([from, to]) => (pathOf(to) === undefined ? from : to))
  for (const op of AT_FD.split(' ')) wrap(op, true)
  for (const op of READ_PATH.split(' ')) wrap(op, false)
  for (const op of READ_FD.split(' ')) wrap(op, false)

  const closes = { closes: true }

  // ---- opening and closing: a descriptor is known by the path it was opened with ----

  const writes = (flags = 'r') =>
    typeof flags === 'number'
      ? (flags & (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)) !== 0
      : !/^r(s)?$/.test(flags)

  function note(fd, given, flags) {
    const path = pathOf(given)
    if (path !== undefined) files.set(fd, { path, changes: writes(flags) })
    return fd
  }
  fs.openSync = (path, flags, mode) =>
    sync(faultFor('open', path, writes(flags)), () => note(real.openSync(path, flags, mode), path, flags))
  fs.open = (path, ...rest) => {
    const flags = typeof rest[0] === 'function' ? 'r' : rest[0]
    const run = (args) => {
      const done = args.at(-1)
      return real.open(...args.slice(0, -1), (error, fd) => done(error, error ? fd : note(fd, path, flags)))
    }
    return called(faultFor('open', path, writes(flags)), run, [path, ...rest])
  }
  const openPromised = promises.open
  promises.open = (path, flags, mode) =>
    later(faultFor('open', path, writes(flags)), async () => {
      const handle = await openPromised(path, flags, mode)
      note(handle.fd, path, flags)
      // Each has one of its own.
      const close = handle.close.bind(handle)
      handle.close = () => later(faultOfClosing(handle.fd), close, closes)
      return handle
    })

  function faultOfClosing(fd) {
    const file = files.get(fd)
    const fault = file && faultFor('close', fd, file.changes)
    files.delete(fd)
    return fault
  }
  fs.closeSync = (fd) => sync(faultOfClosing(fd), () => real.closeSync(fd), closes)
  fs.close = (fd, done = () => {}) =>
    called(faultOfClosing(fd), (args) => real.close(...args), [fd, done], closes)

  // ---- writing: half of it, too ----

  fs.writeSync = (fd, data, ...rest) => {
    const { bytes, position } = toWrite(data, rest)
    return sync(faultFor('write', fd, true, bytes.length), () => real.writeSync(fd, data, ...rest), {
      half: () => real.writeSync(fd, halfOf(bytes), 0, undefined, position),
    })
  }
  fs.write = (fd, data, ...rest) => {
    const { bytes, position } = toWrite(data, rest.slice(0, -1))
    return called(
      faultFor('write', fd, true, bytes.length),
      (args) => real.write(...args),
      [fd, data, ...rest],
      { half: (args) => real.write(fd, halfOf(bytes), 0, undefined, position, args.at(-1)) },
    )
  }

  const probe = await openPromised(fileURLToPath(import.meta.url))
  const handles = Object.getPrototypeOf(probe)
  await probe.close()
  const onHandle = Object.fromEntries(
    ['write', ...Object.keys(ON_HANDLE)].map((name) => [name, handles[name]]),
  )
  for (const [name, op] of Object.entries(ON_HANDLE)) {
    const changes = !/read|stat/.test(op)
    handles[name] = function (...args) {
      return later(faultFor(op, this.fd, changes), () => onHandle[name].apply(this, args))
    }
  }
  handles.write = function (data, ...rest) {
    const { bytes, position } = toWrite(data, rest)
    return later(
      faultFor('write', this.fd, true, bytes.length),
      () => onHandle.write.call(this, data, ...rest),
      {
        half: () => onHandle.write.call(this, halfOf(bytes), 0, undefined, position),
      },
    )
  }

  // ---- what is several calls to a disk ----

  const fileOptions = (options, flag) =>
    typeof options === 'string' ? { encoding: options, flag } : { flag, ...options }
  const bytesOf = (data, { encoding }) =>
    typeof data === 'string' ? Buffer.from(data, encoding ?? 'utf8') : data

  const wholeSync = (flag) => (path, data, given) => {
    const options = fileOptions(given, flag)
    const fd = typeof path === 'number' ? path : fs.openSync(path, options.flag, options.mode ?? 0o666)
    try {
      for (let bytes = bytesOf(data, options); bytes.length > 0;)
        bytes = bytes.subarray(fs.writeSync(fd, bytes))
    } finally {
      if (fd !== path) fs.closeSync(fd)
    }
  }
  const wholeLater = (flag) => async (path, data, given) => {
    const options = fileOptions(given, flag)
    const isHandle = typeof path?.fd === 'number'
    const file = isHandle ? path : await promises.open(path, options.flag, options.mode ?? 0o666)
    try {
      for (let bytes = bytesOf(data, options); bytes.length > 0;)
        bytes = bytes.subarray((await file.write(bytes)).bytesWritten)
    } finally {
      if (!isHandle) await file.close()
    }
  }
  for (const [name, flag] of [
    ['writeFile', 'w'],
    ['appendFile', 'a'],
  ]) {
    fs[`${name}Sync`] = wholeSync(flag)
    promises[name] = wholeLater(flag)
    fs[name] = (path, data, ...rest) => {
      const done = rest.pop()
      wholeLater(flag)(typeof path === 'number' ? handleOf(path) : path, data, rest[0]).then(
        () => done(null),
        done,
      )
    }
    handles[name] = function (data, options) {
      return wholeLater(flag)(this, data, options)
    }
  }
  const handleOf = (fd) => ({
    fd,
    write: (bytes) =>
      new Promise((resolve, reject) =>
        fs.write(fd, bytes, (error, bytesWritten) => (error ? reject(error) : resolve({ bytesWritten }))),
      ),
  })

  fs.rmSync = (path, options = {}) => {
    if (pathOf(path) === undefined) return real.rmSync(path, options)
    try {
      if (!fs.lstatSync(path).isDirectory()) return fs.unlinkSync(path)
    } catch (error) {
      if (options.force && error.code === 'ENOENT') return undefined
      throw error
    }
    if (!options.recursive) throw failure('EISDIR', 'rm', path)
    for (const name of fs.readdirSync(path)) fs.rmSync(`${path}${sep}${name}`, options)
    return fs.rmdirSync(path)
  }
  promises.rm = async (path, options) => fs.rmSync(path, options)
  fs.rm = (path, ...rest) =>
    void promises.rm(path, ...rest.slice(0, -1)).then(() => rest.at(-1)(null), rest.at(-1))

  // It never throws: what cannot be looked at is not there.
  fs.existsSync = (path) => !faultFor('exists', path, false)?.error && real.existsSync(path)
  fs.realpathSync.native = real.realpathSync.native

  syncBuiltinESMExports()
}

function toWrite(data, rest) {
  if (typeof data === 'string')
    return { bytes: Buffer.from(data, rest[1] ?? 'utf8'), position: rest[0] ?? undefined }
  const whole = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  const given = typeof rest[0] === 'object' && rest[0] !== null ? rest[0] : undefined
  const [offset = 0, length = whole.length - (offset ?? 0), position] = given
    ? [given.offset, given.length, given.position]
    : rest
  return { bytes: whole.subarray(offset ?? 0, (offset ?? 0) + length), position: position ?? undefined }
}

const halfOf = (bytes) => bytes.subarray(0, bytes.length >> 1)

const WORDS = { EIO: 'i/o error', ENOSPC: 'no space left on device', EROFS: 'read-only file system' }

function failure(code, syscall, path) {
  const message = `${code}: ${WORDS[code] ?? 'failed'}, ${syscall} '${path}'`
  return Object.assign(new Error(message), { code, errno: -constants.errno[code], syscall, path })
}

function die() {
  process.kill(process.pid, 'SIGKILL')
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
}
