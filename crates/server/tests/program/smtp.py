"""A mail server for tests: takes mail, defers it, refuses it or says nothing, by the name before the @.

    accept…   250, and the mail becomes a file of the folder
    defer…    451 the first time, then 250
    refuse…   550
    bounce…   250, and then a report that it could not be delivered (RFC 3464) becomes a file of the folder as well
    stall…    no answer

usage: smtp.py FOLDER; the port is printed.
"""

import asyncio
import email
import email.policy
import os
import sys
from email.message import Message
from email.mime.message import MIMEMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText

from aiosmtpd.controller import UnthreadedController


def report(returns_to, recipient, mail):
    """What comes back when the next server does not take it."""
    about, failed = Message(), Message()
    about["Reporting-MTA"] = "dns; relay.example"
    failed["Final-Recipient"] = f"rfc822; {recipient}"
    failed["Action"] = "failed"
    failed["Status"] = "5.1.1"
    failed["Remote-MTA"] = "dns; mx.post.example"
    failed["Diagnostic-Code"] = f"smtp; 550 5.1.1 <{recipient}>: no mailbox of this name"
    status = Message()
    status["Content-Type"] = "message/delivery-status"
    status.set_payload([about, failed])
    whole = MIMEMultipart("report", report_type="delivery-status")
    whole["From"] = "MAILER-DAEMON@relay.example"
    whole["To"] = returns_to
    whole["Subject"] = "Undelivered Mail Returned to Sender"
    whole.attach(MIMEText("I am sorry to have to tell you that your mail could not be delivered."))
    whole.attach(status)
    whole.attach(MIMEMessage(mail))
    return whole.as_bytes()


class Behaviour:
    def __init__(self, folder):
        self.folder, self.seen, self.taken = folder, set(), 0

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("stall"):
            await asyncio.sleep(3600)
        if address.startswith("refuse"):
            return f"550 5.1.1 <{address}>: nobody lives here"
        if address.startswith("defer") and address not in self.seen:
            self.seen.add(address)
            return f"451 4.7.1 <{address}>: greylisted, come again"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 fine"

    async def handle_DATA(self, server, session, envelope):
        self.taken += 1
        name = os.path.join(self.folder, f"{self.taken:04}-{envelope.rcpt_tos[0]}")
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        with open(name + ".part", "w", encoding="utf-8") as file:
            file.writelines(f"{header}: {value}\n" for header, value in mail.items())
            file.write("\n" + mail.get_content())
        os.rename(name + ".part", name)
        if envelope.rcpt_tos[0].startswith("bounce"):
            with open(name + ".part", "wb") as file:
                file.write(report(envelope.mail_from, envelope.rcpt_tos[0], mail))
            os.rename(name + ".part", f"{self.folder}/{self.taken:04}-returned")
        return f"250 2.0.0 queued as {self.taken}"


async def main():
    loop = asyncio.get_running_loop()
    controller = UnthreadedController(Behaviour(sys.argv[1]), "127.0.0.1", 0, loop=loop)
    server = await controller._create_server()
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
