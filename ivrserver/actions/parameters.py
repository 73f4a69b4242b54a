"""What requests to web servers say besides the answers, as data (reference, SPEC §4, §11, §12).

The order of the tables is the order on the wire. Code that fills them in, the portal, the
documentation and tests read the names from here.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Generated:
    """One generated parameter.

    Attributes:
        name: on the wire.
        description: what it is.
        form: how its value is written; empty: text.
    """

    name: str
    description: str
    form: str = ""


IVR_PARAMETERS = (
    Generated("ivr_number_called", "The number the caller dialled (DNIS).", "10 digits, or E.164 "
              "digits without + outside North America"),
    Generated("ivr_caller_id", "The caller's number.", "as ivr_number_called; empty if unknown"),
    Generated("ivr_id", "Building block id of the IVR.", "integer"),
    Generated("ivr_response_id", "Unique id of the respondent: one caller's run through one IVR."),
    Generated("ivr_timestamp", "When the caller's interaction with this IVR began.",
              "YYYY-MM-DD HH:MM:SS in the account's time zone"),
    Generated("ivr_pass_through", "The pass-through data of the latest reply that had any.",
              "exactly as it came; empty if none"),
    Generated("ivr_session_id", "Unique id of the call, the same for every IVR it visits."),
    Generated("ivr_completed", "Whether the caller reached the end of the IVR.", "True or False"),
    Generated("ivr_call_result", "What became of an outbound call.",
              "answered, machine, busy, no_answer, failed, cancelled or opted_out; "
              "empty on inbound calls"),
    Generated("ivr_monitored_time", "Length of monitored (recorded) transfers from the IVR.",
              "seconds"),
    Generated("ivr_opted_out", "Whether the caller chose not to be called again.", "1 or 0"),
    Generated("ivr_phone_label", "Label of the number called."),
)  # fmt: skip

SOURCETRAK_PARAMETERS = (
    Generated("st_rank", "How surely the call is matched to a source.", "1 (surest) to 5"),
    Generated("st_search_term", "Search words that led to the display of the number."),
    Generated("st_referrer", "Referring domain that led to the display of the number."),
    Generated("st_baseuri", "Landing page on which the number was first displayed."),
    Generated("st_activity_keyword", "Pool activity that triggered the display of the number."),
    Generated("st_displayed_timestamp", "When the number was first displayed to the visitor.",
              "date and time, US Eastern time"),
    Generated("st_ip_address", "The visitor's IP address."),
    Generated("st_document_title", "Title of the first page viewed."),
    Generated("st_browser", "The visitor's web browser."),
    Generated("st_os", "The visitor's operating system."),
    Generated("st_ibp_custom", "Custom data that the web page passed in."),
    Generated("st_ibp_unique_id", "Custom id that the web page passed in."),
    Generated("st_pid", "Unique id of the visitor's session."),
    Generated("st_domain_set_id", "Id of the domain set of the number called."),
    Generated("st_gclid", "Google Click ID of a Google Ads visit."),
    Generated("st_google_ua_client_id", "Google Universal Analytics client id of the session."),
    Generated("st_pool_name", "Pool of the number called."),
    Generated("st_location_name", "Location that was called, of several on one page."),
    Generated("st_sourceguard", "Whether the number called is a SourceGuard number."),
    Generated("st_campaign", "Ad campaign of the session, or the configured default."),
    Generated("st_platform", "Ad platform of the session, or the configured default."),
    Generated("st_url_tag", "Tracked URL parameter that led to the call."),
)  # fmt: skip

POSTBACK_PARAMETERS = (
    Generated("survo_id", "Building block id of the IVR.", "integer"),
    Generated("unique_id", "Unique id of the respondent: the ivr_response_id of the webhook."),
    Generated("question", "Number of the question in the IVR; messages count too.",
              "integer, from 1"),
    Generated("duration", "Length of the recording.", "seconds"),
    Generated("date", "When it was written down.",
              "YYYY-MM-DD HH:MM:SS in the account's time zone"),
    Generated("text", "What was said."),
)  # fmt: skip
"""What the transcription postback says."""
