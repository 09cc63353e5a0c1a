// Loaded into the program before it by a test (NODE_OPTIONS=--import): at each SIGUSR2 its wall clock jumps, as NTP or an
// operator may make it: an hour forward, then two back.
const RealDate = Date;
const HOUR_MS = 3_600_000;
let offset = 0;

class JumpingDate extends RealDate {
  constructor(...parts: [] | [value: number | string | Date]) {
    if (parts.length === 0) super(RealDate.now() + offset);
    else super(...parts);
  }

  static override now(): number {
    return RealDate.now() + offset;
  }
}
Object.assign(globalThis, { Date: JumpingDate });
process.on('SIGUSR2', () => {
  offset += offset === 0 ? HOUR_MS : -2 * HOUR_MS;
});

export {};
