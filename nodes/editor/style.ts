// The dialogs' look, in the editor's own colours, so that it follows its theme (dark ones too).
const CSS = `
.seqera-row { display: flex; align-items: flex-start; flex-wrap: wrap; }
.form-row.seqera-row > :is(label, .seqera-label) { flex: 0 0 140px; width: 140px; margin: 0; padding: 7px 8px 0 21px; text-indent: -21px; box-sizing: border-box; line-height: 20px; overflow-wrap: anywhere; hyphens: auto; }
.seqera-row > :is(label, .seqera-label) > i { width: 16px; text-indent: 0; text-align: center; margin-right: 5px; opacity: 0.75; }
.seqera-field { flex: 1 1 200px; min-width: 0; display: flex; align-items: center; gap: 6px; }
.seqera-field > .red-ui-typedInput-container, .seqera-field > div { flex: 1 1 0; min-width: 0; width: auto !important; margin: 0; }
.seqera-field > input[type=text], .seqera-field > input[type=password] { flex: 1 1 0; min-width: 0; width: auto; margin: 0; }
.seqera-field > input[type=number] { width: 90px; margin: 0; }
.seqera-field > select { width: auto; margin: 0; }
.seqera-field > input[type=checkbox] { width: auto; margin: 8px 0; }
.seqera-field > .seqera-open { flex: none; min-width: 34px; padding: 0 8px; }
.seqera-field > .seqera-open[hidden] { display: none; }
.seqera-hint { flex: 1 0 100%; margin: 3px 0 0 140px; font-size: 12px; line-height: 16px; color: var(--red-ui-secondary-text-color, #777); overflow-wrap: anywhere; }
.seqera-hint:empty { display: none; }
.seqera-hint.seqera-good { color: var(--red-ui-text-color-success, #2e7d32); }
.seqera-hint.seqera-bad, .seqera-problem { color: var(--red-ui-text-color-error, #b31d28); }
.seqera-heading { margin: 20px 0 10px; padding-bottom: 4px; border-bottom: 1px solid var(--red-ui-secondary-border-color, #ddd); font-weight: bold; }
details.seqera-more { margin: 18px 0 8px; }
details.seqera-more > summary { display: list-item; cursor: pointer; margin-bottom: 12px; padding-bottom: 4px; border-bottom: 1px solid var(--red-ui-secondary-border-color, #ddd); font-weight: bold; }
.seqera-list { flex: 1 1 200px; min-width: 0; }
.seqera-param { display: flex; gap: 8px; align-items: center; }
.seqera-param > input { flex: 0 1 38%; min-width: 80px; margin: 0 !important; width: auto !important; }
.seqera-param > .red-ui-typedInput-container { flex: 1 1 0; min-width: 0; width: auto !important; margin: 0; }
.seqera-notice { display: flex; gap: 10px; margin: 0 0 16px; padding: 10px 12px; border-radius: 4px; border: 1px solid var(--red-ui-secondary-border-color, #ddd); background: var(--red-ui-secondary-background, #f6f6f6); }
.seqera-notice > i { margin-top: 3px; }
.seqera-check { margin: 6px 0 0 140px; }
.seqera-check dl { display: grid; grid-template-columns: auto 1fr; gap: 4px 14px; margin: 10px 0 0; padding: 10px 12px; border-radius: 4px; border: 1px solid var(--red-ui-secondary-border-color, #ddd); border-left: 3px solid var(--red-ui-text-color-success, #2e7d32); }
.seqera-check dt { font-weight: normal; color: var(--red-ui-secondary-text-color, #777); }
.seqera-check dd { margin: 0; overflow-wrap: anywhere; }
.seqera-check p { margin: 10px 0 0; }
.seqera-check p.seqera-problem { padding: 10px 12px; border-radius: 4px; border: 1px solid var(--red-ui-secondary-border-color, #ddd); border-left: 3px solid var(--red-ui-text-color-error, #b31d28); }
.seqera-unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.seqera-popup { position: fixed; z-index: 1600; overflow-y: auto; max-height: 280px; box-sizing: border-box; padding: 4px 0; border: 1px solid var(--red-ui-primary-border-color, #bbb); border-radius: 4px; background: var(--red-ui-form-input-background, #fff); color: var(--red-ui-form-text-color, #444); box-shadow: 0 6px 18px rgba(0, 0, 0, 0.2); font-family: var(--red-ui-primary-font, sans-serif); font-size: 14px; }
.seqera-popup ul { list-style: none; margin: 0; padding: 0; }
.seqera-popup .seqera-group { padding: 8px 12px 3px; font-size: 11px; font-weight: bold; color: var(--red-ui-secondary-text-color, #777); }
.seqera-popup [role=option] { padding: 5px 12px; line-height: 18px; cursor: pointer; }
.seqera-popup [role=option] small { display: block; font-size: 12px; line-height: 16px; color: var(--red-ui-secondary-text-color, #777); white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.seqera-popup [role=option] mark { background: none; padding: 0; color: inherit; font-weight: bold; text-decoration: underline; }
.seqera-popup [role=option].seqera-active { background: var(--red-ui-list-item-background-hover, #ececec); box-shadow: inset 3px 0 0 var(--red-ui-form-input-focus-color, #7c4dff); }
.seqera-popup .seqera-note { padding: 7px 12px; color: var(--red-ui-secondary-text-color, #777); }
.seqera-popup .seqera-note.seqera-problem { color: var(--red-ui-text-color-error, #b31d28); }
`;

export function addStyle(): void {
  if (document.getElementById('seqera-style')) return;
  const style = document.createElement('style');
  style.id = 'seqera-style';
  style.textContent = CSS;
  document.head.append(style);
}
