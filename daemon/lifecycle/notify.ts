/**
 * Tells systemd what the daemon is doing (sd_notify(3)): ready, stopping, reloading, alive. Node has no
 * Unix datagram sockets (nodejs/node #29339), so libc is called. Without NOTIFY_SOCKET nothing is sent. A message
 * that cannot be sent is dropped: it must never stop the daemon.
 */
import koffi from 'koffi';

export interface Notifier {
  /** Milliseconds between two signs of life that systemd asks for; absent: it does not watch. */
  readonly watchdogMs?: number;
  ready(): void;
  /** A reload has begun; `ready` ends it. */
  reloading(): void;
  stopping(status: string): void;
  alive(): void;
  extendTimeout(ms: number): void;
}

/**
 * Takes systemd's variables out of `env`: a child that inherited them could speak in the daemon's name.
 * What else wants to know them (LISTEN_* the server, JOURNAL_STREAM the log) reads them before.
 */
export function takeNotifier(env: NodeJS.ProcessEnv, pid: number): Notifier {
  const address = env['NOTIFY_SOCKET'];
  const watchdogMs = watchdogPeriod(env, pid);
  for (const name of SYSTEMD_VARIABLES) delete env[name];
  const send = address ? sender(address) : () => undefined;
  return {
    ...(address && watchdogMs !== undefined && { watchdogMs }),
    ready: () => send('READY=1'),
    reloading: () => send(`RELOADING=1\nMONOTONIC_USEC=${monotonicUsec()}`),
    stopping: (status) => send(`STOPPING=1\nSTATUS=stopping: ${status}`),
    alive: () => send('WATCHDOG=1'),
    extendTimeout: (ms) => send(`EXTEND_TIMEOUT_USEC=${Math.round(ms * 1000)}`),
  };
}

/** Of the machine, not of this process: systemd compares it with its own (CLOCK_MONOTONIC). */
function monotonicUsec(): bigint {
  return process.hrtime.bigint() / 1000n;
}

const SYSTEMD_VARIABLES = [
  'NOTIFY_SOCKET',
  'WATCHDOG_USEC',
  'WATCHDOG_PID',
  'LISTEN_PID',
  'LISTEN_FDS',
  'LISTEN_FDNAMES',
  'INVOCATION_ID',
  'JOURNAL_STREAM',
] as const;

/** A third of what systemd waits for, so that one late message does no harm. */
function watchdogPeriod(env: NodeJS.ProcessEnv, pid: number): number | undefined {
  const usec = Number(env['WATCHDOG_USEC']);
  const meant = env['WATCHDOG_PID'] === undefined || env['WATCHDOG_PID'] === String(pid);
  return usec > 0 && meant ? Math.max(1, Math.floor(usec / 3000)) : undefined;
}

const AF_UNIX = 1;
const SOCK_DGRAM_CLOEXEC = 2 | 0o2000000;

function sender(address: string): (message: string) => void {
  const libc = koffi.load(null);
  const socket = libc.func('int socket(int domain, int type, int protocol)');
  // `long` is ssize_t: koffi does not know that name.
  const sendto = libc.func(
    'long sendto(int fd, const void *data, size_t size, int flags, const void *to, uint32_t length)',
  );
  const fd: unknown = socket(AF_UNIX, SOCK_DGRAM_CLOEXEC, 0);
  const to = unixAddress(address);
  return (message) => {
    const data = Buffer.from(message);
    sendto(fd, data, data.length, 0, to, to.length);
  };
}

/** A leading `@` stands for NUL: an abstract socket (unix(7)), whose length counts. */
export function unixAddress(address: string): Buffer {
  const path = Buffer.from(address.startsWith('@') ? `\0${address.slice(1)}` : `${address}\0`);
  const family = Buffer.alloc(2);
  new Uint16Array(family.buffer, family.byteOffset, 1)[0] = AF_UNIX;
  return Buffer.concat([family, path]);
}
