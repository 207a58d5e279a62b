"""One WhatsApp number as it is configured, and what has to hold for it."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

WEBHOOK_PATH = "/whatsapp"
"""Where Meta brings what concerns any of the numbers: an app has one address."""

NumberId = Annotated[str, Field(pattern=r"^(\d{5,20})?$")]
"""As Meta's App Dashboard shows it; empty: none. It is not the phone number."""


def _is_app_secret(secret: SecretStr) -> SecretStr:
    written = secret.get_secret_value()
    if written and (len(written) < 16 or not written.isalnum()):
        raise ValueError("expected the app secret of App settings > Basic: letters and digits, 32 of them")
    return secret


def _is_verify_token(secret: SecretStr) -> SecretStr:
    if 0 < len(secret.get_secret_value()) < 16:
        raise ValueError("expected 16 characters or more; `openssl rand -hex 32` makes them")
    return secret


AppSecret = Annotated[SecretStr, AfterValidator(_is_app_secret)]
"""By which Meta signs what it brings; empty: none."""
VerifyToken = Annotated[SecretStr, AfterValidator(_is_verify_token)]
"""What Meta shows once, when the webhook is set; empty: none."""


class WhatsAppNumber(BaseModel):
    """A number of the WhatsApp Business Platform, and all that it takes to talk through it."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    id: Annotated[NumberId, Field(min_length=1)]
    """Phone number ID."""
    token: Annotated[SecretStr, Field(min_length=1)]
    """Access token of a system user, with the permissions whatsapp_business_messaging and _management."""
    app_secret: Annotated[AppSecret, Field(min_length=1)]
    verify_token: Annotated[VerifyToken, Field(min_length=1)]
    account: NumberId = ""
    """ID of the WhatsApp Business Account that the number belongs to; templates need it."""
