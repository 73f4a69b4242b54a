"""Forms of blocks in the browser: read, checked, saved, and shown again with what is wrong.

::

    typed = read(await posted(request), VoicemailForm, {"kind": "voicemail", "id": block_id})
    made = checked(VoicemailForm, typed)                    # a value, or what is wrong
    ...
    view = FormView.of(VoicemailForm, block)                # stored, for templates
    view = FormView(VoicemailForm, typed, made.mistakes)    # typed, with what is wrong

Fields of a page are called as flow files call them: ``no_input.tries``; entries of a mapping or
list are rows: ``keys.0.key``, ``keys.0.then``. blocks/fields.html draws them.
"""

from ivrserver.web.portal.forms.choices import Choices
from ivrserver.web.portal.forms.reading import Checked, Typed, at_rows, checked, posted, read
from ivrserver.web.portal.forms.saving import SavedMeanwhile, Saving, difference_of
from ivrserver.web.portal.forms.view import FormView, Mistakes, rows_of

__all__ = [
    "Checked",
    "Choices",
    "FormView",
    "Mistakes",
    "SavedMeanwhile",
    "Saving",
    "Typed",
    "at_rows",
    "checked",
    "difference_of",
    "posted",
    "read",
    "rows_of",
]
