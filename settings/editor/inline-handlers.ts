// A classic script of the editor page (`editorTheme.page.scripts`). It runs before the editor builds anything: the editor
// waits for the document to be parsed, and this stands in it.
//
// A few buttons of Node-RED's editor are made from HTML with an `onclick` attribute, which the content security policy
// does not run: allowing that would allow it to whatever text an attacker gets into the page as well. They are told here by
// the exact call, become data before jQuery parses the HTML, and one listener makes the calls.

{
  type Call = (argument: string) => void;
  interface EditorApi {
    actions: { invoke: Call };
    search: { show: Call };
    sidebar: { help: { show: Call } };
    workspaces: { show: Call };
  }
  const page = window as unknown as { RED: EditorApi; jQuery: { htmlPrefilter(html: string): string } };

  /** Nothing in here changes a flow: whoever can write such an attribute into the page must gain nothing by it. */
  const calls: Readonly<Record<string, Call>> = {
    'RED.search.show': (query) => page.RED.search.show(query),
    'RED.sidebar.help.show': (type) => page.RED.sidebar.help.show(type),
    'RED.workspaces.show': (id) => page.RED.workspaces.show(id),
    'RED.actions.invoke': (action) => {
      if (action === 'core:show-welcome-tour') page.RED.actions.invoke(action);
    },
  };

  const handler = /\sonclick="(RED(?:\.\w+)+)\('((?:[^'"\\<>]|\\.)*)'\);?(?:\s*return false;)?"/g;

  const prefilter = page.jQuery.htmlPrefilter;
  page.jQuery.htmlPrefilter = (html) =>
    prefilter(
      // Most HTML has none, and this is run on all that there is.
      html.includes(' onclick="RED.')
        ? html.replace(handler, (whole, name: string, argument: string) =>
            Object.hasOwn(calls, name) ? ` data-redstart-call="${name}" data-redstart-argument="${argument}"` : whole,
          )
        : html,
    );

  document.addEventListener(
    'click',
    (event) => {
      const element = event.target instanceof Element ? event.target.closest('[data-redstart-call]') : null;
      if (!(element instanceof HTMLElement)) return;
      const { redstartCall: name = '', redstartArgument: argument = '' } = element.dataset;
      if (!Object.hasOwn(calls, name)) return;
      // What `return false` does in such an attribute.
      event.preventDefault();
      calls[name]?.(argument.replace(/\\(.)/g, '$1'));
    },
    // On the way down: a popover stops clicks on their way up.
    true,
  );
}
