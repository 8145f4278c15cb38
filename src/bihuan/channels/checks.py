"""Invariants of channels on live data."""

from bihuan.kernel.verification import Check

CHECKS = (
    Check(
        "channels.every_push_told",
        "what followers did whom we know has become a fact",
        """select p.dedupe_key as id, p.kind as detail from pushes p
           join followers f on f.merchant_id = p.merchant_id and f.openid = p.openid
           where not p.told and f.shopper_id is not null""",
    ),
    Check(
        "channels.homes_are_the_first_labels",
        "a follower's home store is the store of the label of the first follow",
        """select f.openid as id from followers f
           left join labels l on l.merchant_id = f.merchant_id and l.label_id = f.label_id
           where f.home_store_id is distinct from l.store_id""",
    ),
    Check(
        "channels.no_message_stuck",
        "no chat message is being sent for longer than ten minutes",
        """select message_id::text as id from chat_messages
           where state = 'sending' and changed_at < now() - interval '10 minutes'""",
    ),
    Check(
        "channels.no_shipping_stuck",
        "nothing that WeChat is to be told of shipping is under way for longer than ten minutes",
        """select upload_id::text as id from shipping_uploads
           where state = 'sending' and changed_at < now() - interval '10 minutes'""",
    ),
    Check(
        "channels.authorized_apps_have_their_merchant",
        "an app that works through the component is its merchant's there",
        """select a.merchant_id::text as id, a.appid as detail from official_accounts a
           left join authorizers o on o.appid = a.appid and o.merchant_id = a.merchant_id and o.state = 'connected'
           where a.connection = 'component' and o.appid is null""",
    ),
    Check(
        "channels.contact_codes_speak_for_their_guides",
        "a guide's contact code speaks for a label of somebody of the staff",
        """select m.userid as id from wecom_members m
           left join labels l on l.merchant_id = m.merchant_id and l.label_id = m.label_id
           where m.config_id is not null and l.staff_id is null""",
    ),
    Check(
        "channels.no_welcome_stuck",
        "no guide's first words are being sent for longer than ten minutes",
        """select customer_id::text as id, userid as detail from guide_customers
           where welcome = 'sending' and welcome_at < now() - interval '10 minutes'""",
    ),
    Check(
        "channels.notices_had_a_grant",
        "a subscribe message was sent only to whom a grant is known of",
        """select m.message_id::text as id from chat_messages m
           where m.sent_as = 'subscribe' and not exists (
             select from notice_consents c where c.merchant_id = m.merchant_id and c.openid = m.mini_openid
               and c.granted > c.remaining)""",
    ),
)
