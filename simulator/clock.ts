/** Simulated time: runs at a speed and can be moved forward. Never goes back. */
export class SimulatedClock {
  #speed: number;
  #simulatedAt: number;
  #realAt = performance.now();

  constructor(startAt: number, speed: number) {
    this.#simulatedAt = startAt;
    this.#speed = checkedSpeed(speed);
  }

  /** Milliseconds since 1970, whole ones: they end up in timestamps that are compared. */
  now(): number {
    return Math.floor(this.#exact());
  }

  get speed(): number {
    return this.#speed;
  }

  setSpeed(speed: number): void {
    const checked = checkedSpeed(speed);
    this.#anchor(0);
    this.#speed = checked;
  }

  advance(milliseconds: number): void {
    if (!Number.isFinite(milliseconds) || milliseconds < 0)
      throw new RangeError(`time moves forward only: ${milliseconds}`);
    this.#anchor(milliseconds);
  }

  #exact(): number {
    return this.#simulatedAt + (performance.now() - this.#realAt) * this.#speed;
  }

  #anchor(jump: number): void {
    this.#simulatedAt = this.#exact() + jump;
    this.#realAt = performance.now();
  }
}

/** 0 stands still: a test that moves time itself wants that. */
function checkedSpeed(speed: number): number {
  if (Number.isFinite(speed) && speed >= 0) return speed;
  throw new RangeError(`the speed must be a number of 0 or more: ${speed}`);
}
