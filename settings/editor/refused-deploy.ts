// A classic script of the editor page. Where flows are read-only, a deploy is refused; what was tried can be had as a
// patch. It is fetched by the editor's own session and saved by the browser, so there is no address that works without.

{
  interface Notification {
    close(): void;
  }
  interface EditorApi {
    notify(text: string, options: object): Notification;
  }
  interface Answer {
    status: number;
    getResponseHeader(name: string): string | null;
  }
  interface Query {
    (target: Document): { ajaxComplete(listener: (event: unknown, answer: Answer) => void): void };
    ajax(options: { url: string; dataType: 'text' }): PromiseLike<string>;
  }
  const page = window as unknown as { RED: EditorApi; jQuery: Query };

  const ENGLISH = {
    told: 'Your change was not deployed. It touches {files} file(s): download it as a patch, put it in with <code>git apply</code>, and open a pull request.',
    close: 'Close',
    download: 'Download patch',
  };
  const TEXTS: Readonly<Record<string, typeof ENGLISH>> = {
    de: {
      told: 'Die Änderung wurde nicht übernommen (deploy). Sie betrifft {files} Datei(en): als Patch herunterladen, mit <code>git apply</code> einspielen und einen Pull Request öffnen.',
      close: 'Schließen',
      download: 'Patch herunterladen',
    },
  };

  const save = (patch: string): void => {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([patch], { type: 'text/x-patch' }));
    link.download = 'flows.patch';
    link.click();
    // At once would be before the browser has read it.
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  };

  page.jQuery(document).ajaxComplete((_event, answer) => {
    const files = answer.status === 403 ? answer.getResponseHeader('X-Redstart-Refused-Deploy') : null;
    if (files === null || !/^\d+$/.test(files)) return;
    // The editor says there which language it speaks.
    const texts = TEXTS[document.documentElement.lang.split('-')[0] ?? ''] ?? ENGLISH;
    const shown = page.RED.notify(`<p>${texts.told.replace('{files}', files)}</p>`, {
      type: 'warning',
      fixed: true,
      buttons: [
        { text: texts.close, click: () => shown.close() },
        {
          text: texts.download,
          class: 'primary',
          click: () => {
            void page.jQuery.ajax({ url: 'redstart/refused-deploy', dataType: 'text' }).then(save);
            shown.close();
          },
        },
      ],
    });
  });
}
