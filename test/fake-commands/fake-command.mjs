// Stands behind every fake command: tells the fake scheduler how it was called, and says what it is answered.
// Arguments: socket, name of the command, and the arguments of the command.
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';

const [path, program, ...args] = process.argv.slice(2);
const call = {
  program,
  args,
  env: process.env,
  cwd: process.cwd(),
  umask: process.umask(),
  uid: process.getuid(),
  input: readFileSync(0, 'utf8'),
};

const socket = connect({ path, allowHalfOpen: true });
socket.end(JSON.stringify(call));
let text = '';
socket.setEncoding('utf8');
for await (const chunk of socket) text += chunk;
const { stdout, stderr, exitCode } = JSON.parse(text);
process.stdout.write(stdout);
process.stderr.write(stderr);
process.exitCode = exitCode;
