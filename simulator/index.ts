// The public interface of the simulator: nothing else in this folder is meant to be imported from outside it,
// except `testing/openapi.ts`, which tests use.
export type { RecordedCall } from './calls.ts';
export type {
  ActionView,
  DataLinkView,
  DatasetVersionView,
  DatasetView,
  GeneratedObjects,
  NewDataLink,
  ObjectView,
  Provider,
  SimulatedData,
  StopReason,
  StudioStatus,
  StudioView,
} from './data-views.ts';
export type { RunView, Simulator, SimulatorOptions } from './interface.ts';
export type { Duration, EndStatus, Fault, FaultKind, Role, RunRule, Scenario } from './scenario.ts';
export { parseScenario, readScenarioFile, ScenarioError, scenarioSchema } from './scenario.ts';
export { createSimulator } from './simulator.ts';
