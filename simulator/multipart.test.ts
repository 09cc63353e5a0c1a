import { describe, expect, it } from 'vitest';
import { boundaryOf, parseMultipart } from './multipart.ts';

async function encoded(form: FormData): Promise<{ type: string; bytes: Buffer }> {
  const request = new Request('http://x/', { method: 'POST', body: form });
  return { type: request.headers.get('content-type') ?? '', bytes: Buffer.from(await request.arrayBuffer()) };
}

describe('a multipart body', () => {
  it('is read as fetch writes it: bytes, names with quotes and unicode, fields', async () => {
    const bytes = Buffer.from([0, 13, 10, 45, 45, 255]);
    const form = new FormData();
    form.append('file', new Blob([bytes], { type: 'text/csv' }), 'a "quoted" ü.csv');
    form.append('note', 'plain');
    const written = await encoded(form);
    const parts = parseMultipart(written.bytes, boundaryOf(written.type) ?? '');
    expect(parts).toMatchObject([
      { name: 'file', fileName: 'a "quoted" ü.csv', contentType: 'text/csv' },
      { name: 'note', fileName: undefined },
    ]);
    expect(parts[0]?.content.equals(bytes)).toBe(true);
    expect(parts[1]?.content.toString()).toBe('plain');
  });

  it('is told from others, and refused when it is broken', () => {
    expect(boundaryOf('application/json')).toBeUndefined();
    expect(boundaryOf('multipart/form-data; boundary="a b"')).toBe('a b');
    const parse = (text: string) => () => parseMultipart(Buffer.from(text), 'B');
    expect(parse('--B\r\n\r\nno end')).toThrow(/closing boundary/);
    expect(parse('--B\r\nno headers\r\n--B--')).toThrow(/no headers/);
    expect(parse('--B\r\nContent-Type: text/csv\r\n\r\nx\r\n--B--')).toThrow(/no name/);
    expect(parse('')).toThrow(/closing boundary/);
    expect(parseMultipart(Buffer.from('--B--'), 'B')).toEqual([]);
  });
});
