import { CodedError, type Notice } from '@media-analyzer/protocol';
import { describe, expect, it } from 'vitest';
import { NoticeBoard } from './notices.js';

const full = (path: string) => new CodedError('storage_full', { path });

function make() {
  const told: Notice[][] = [];
  return { told, board: new NoticeBoard((all) => told.push(all)) };
}

describe('the notice board', () => {
  it('has one notice for each code and stream, oldest first', () => {
    const { board, told } = make();
    board.raise(full('/a'), 'error', 'stream-1');
    board.raise(full('/a'), 'error', 'stream-2');
    board.raise(new CodedError('model_missing', { model: 'tiny' }), 'warning');
    expect(board.all.map(({ code, streamId }) => [code, streamId])).toEqual([
      ['storage_full', 'stream-1'],
      ['storage_full', 'stream-2'],
      ['model_missing', null],
    ]);
    expect(told).toHaveLength(3);
  });

  it('says nothing when nothing is new', () => {
    const { board, told } = make();
    board.raise(full('/a'), 'error');
    board.raise(full('/a'), 'error');
    board.clear('model_missing');
    expect(told).toHaveLength(1);
  });

  it('brings a notice up to date and keeps since when', () => {
    const { board } = make();
    board.raise(full('/a'), 'warning');
    const { since } = board.all[0]!;
    board.raise(full('/b'), 'error');
    expect(board.all).toEqual([expect.objectContaining({ since, severity: 'error', message: full('/b').message })]);
  });

  it('takes down what is over, and all that concerns a stream that is gone', () => {
    const { board, told } = make();
    board.raise(full('/a'), 'error', 'stream-1');
    board.raise(new CodedError('storage_failed', { path: '/a', problem: 'worn out' }), 'error', 'stream-1');
    board.raise(full('/a'), 'error', 'stream-2');
    board.clearStream('stream-1');
    board.clearStream('stream-1');
    expect(board.all.map(({ streamId }) => streamId)).toEqual(['stream-2']);
    board.clear('storage_full', 'stream-2');
    expect(told.at(-1)).toEqual([]);
    expect(told).toHaveLength(5);
  });
});
