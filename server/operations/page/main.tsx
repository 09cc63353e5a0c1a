import { render } from 'preact';
import { App } from './app.tsx';
import { speak } from './language.ts';

const root = document.getElementById('app');
if (root) {
  root.replaceChildren();
  speak();
  render(<App />, root);
}
