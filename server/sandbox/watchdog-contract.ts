/** Global of the program's own thread that the watchdog calls to be told what is running. No flow's context has it. */
export const WITNESS = 'redstart.running';

/** The program was ended because something blocked it. */
export const LOOP_EXIT_CODE = 79;

export interface WatchdogData {
  /** One 32-bit number, counted up while the event loop turns. */
  beats: SharedArrayBuffer;
  tickMs: number;
  /** Ticks without a beat after which it finds out what is running. */
  witnessTicks: number;
  /** Ticks without a beat after which it ends the program. */
  limitTicks: number;
  suspectFile: string;
}
