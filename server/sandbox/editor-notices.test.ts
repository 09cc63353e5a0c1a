import { expect, it } from 'vitest';
import { createEditorNotices, type EditorNotice } from './editor-notices.ts';

it('tells of held and refused flows once, of each change, and when there are none left', () => {
  let held: { flowLabel: string }[] = [];
  let refused: { flowLabel: string; nodeName: string; group: string }[] = [];
  const sent: EditorNotice[] = [];
  const notices = createEditorNotices({ held: () => held, refused: () => refused }, (notice) => sent.push(notice));
  notices.tell();
  expect(sent).toEqual([]);

  held = [{ flowLabel: 'A: __type__ $t(x) <img src=x onerror=alert(1)> & “b”' }];
  refused = [{ flowLabel: 'Größe 2', nodeName: 'shell', group: 'exec' }];
  notices.tell();
  notices.tell();
  expect(sent.map(({ id, retain }) => [id, retain])).toEqual([
    ['redstart-held', true],
    ['redstart-refused', true],
  ]);
  const [first, second] = sent.map(({ payload }) => payload.text ?? '');
  expect(first).toContain('“A&#58; &#95;&#95;type&#95;&#95; &#36;t&#40;x&#41; &#60;img src&#61;x');
  expect(second).toMatch(/“Größe 2” \(node “shell”, exec\)/);
  // The editor takes what is before a colon for the name of a catalogue, and drops it.
  for (const text of [first, second]) expect(text).not.toMatch(/[:<>]/);
  for (const { payload } of sent) expect(payload).toMatchObject({ type: 'warning', timeout: 30_000 });

  held = [];
  notices.tell();
  expect(sent.slice(2)).toEqual([{ id: 'redstart-held', retain: false, payload: {} }]);
});
