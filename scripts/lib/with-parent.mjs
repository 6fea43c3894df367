/**
 * For `node --import`: the program ends, as by SIGTERM, when the process that started it is gone, however that one ended.
 * Seen by the channel between the two, which closes with either of them. See `runForeground`.
 */
import process from 'node:process';

process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
// The channel is there to be closed: a program that has nothing left to do may end.
process.channel?.unref();
