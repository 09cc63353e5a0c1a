import { expect, it } from 'vitest';
import { stopInTime } from './stop-in-time.ts';

it('ends with what it stops, and without it when that hangs', async () => {
  const asked: number[] = [];
  const stop = async (deadlineMs: number) => void asked.push(deadlineMs);
  await stopInTime({ stop }, 9000);
  expect(asked).toEqual([9000]);
  await expect(stopInTime({ stop: () => new Promise(() => {}) }, 10, 1)).rejects.toThrow('did not end within 0.01 s');
  await expect(stopInTime({ stop: () => Promise.reject(new Error('no')) }, 9000)).rejects.toThrow('no');
});
