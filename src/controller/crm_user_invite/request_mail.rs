//! The mail to somebody who may approve a request to join: pure. It is the one place where a person is named.

use msgraph::MailBody;

/// What the mail is about.
pub(super) struct Request<'a> {
    /// Who asks: name or address.
    pub(super) who: &'a str,
    /// The address that the invitation would go to.
    pub(super) address: &'a str,
    /// Id of the CRM organisation.
    pub(super) organisation: &'a str,
    /// Namespace of the invite.
    pub(super) namespace: &'a str,
    /// Name of the invite.
    pub(super) name: &'a str,
    /// Id of the CRM user who gets the mail.
    pub(super) approver: &'a str,
}

/// A piece of the mail, before it is text or HTML.
enum Paragraph {
    Prose(String),
    /// To be copied as it stands.
    Command(String),
}

impl Request<'_> {
    /// The subject, one line.
    pub(super) fn subject(&self) -> String {
        format!("{} asks to join your Zoho CRM organisation", one_line(self.who))
    }

    /// Both parts, which say the same.
    pub(super) fn body(&self) -> MailBody {
        let paragraphs = self.paragraphs();
        let text = paragraphs.iter().map(|paragraph| match paragraph {
            Paragraph::Prose(text) => format!("{text}\n"),
            Paragraph::Command(text) => format!("    {text}\n"),
        });
        let html = paragraphs.iter().map(|paragraph| match paragraph {
            Paragraph::Prose(text) => format!("<p>{}</p>\n", escaped(text)),
            Paragraph::Command(text) => format!("<pre>{}</pre>\n", escaped(text)),
        });
        MailBody {
            text: text.collect::<Vec<_>>().join("\n"),
            html: html.collect(),
        }
    }

    fn paragraphs(&self) -> Vec<Paragraph> {
        let Self {
            organisation,
            namespace,
            name,
            approver,
            ..
        } = self;
        let prose = |text: &str| Paragraph::Prose(text.to_owned());
        let command = |verb: &str| {
            Paragraph::Command(format!(
                "crmlink {verb} {name} -n {namespace} --crm-user {approver}"
            ))
        };
        let mut who = one_line(self.who);
        if !self.who.eq_ignore_ascii_case(self.address) {
            who = format!("{who} ({})", one_line(self.address));
        }
        vec![
            prose("Hello,"),
            Paragraph::Prose(format!(
                "{who} asks to join the Zoho CRM organisation {organisation}. You get this mail because your CRM profile may manage users. Nobody is added before one of you approves."
            )),
            Paragraph::Prose(format!("The request is the CrmUserInvite {namespace}/{name}.")),
            prose("To approve it, run:"),
            command("approve"),
            prose("To turn it down, for good, run:"),
            command("deny"),
            prose("Or add the person yourself in Zoho (Setup > Users): that counts as approval."),
            prose("If you know nothing of this, do nothing."),
        ]
    }
}

/// The text without anything that could start another line.
fn one_line(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).collect()
}

/// The text with everything replaced that means something in HTML.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            letter => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request<'a>(who: &'a str, address: &'a str) -> Request<'a> {
        Request {
            who,
            address,
            organisation: "4000",
            namespace: "sales",
            name: "ada",
            approver: "77",
        }
    }

    #[test]
    fn u4_the_mail_says_who_asks_and_how_to_approve_in_the_name_of_whoever_reads_it() {
        let request = request("Ada Byron", "ada@example.com");
        let MailBody { text, html } = request.body();
        assert_eq!(
            request.subject(),
            "Ada Byron asks to join your Zoho CRM organisation"
        );
        let same = [
            "Ada Byron (ada@example.com) asks to join the Zoho CRM organisation 4000",
            "the CrmUserInvite sales/ada",
        ];
        for (body, own) in [
            (
                &text,
                [
                    "\n\n    crmlink approve ada -n sales --crm-user 77\n\n",
                    "\n\n    crmlink deny ada -n sales --crm-user 77\n\n",
                    "Setup > Users",
                ],
            ),
            (
                &html,
                [
                    "<pre>crmlink approve ada -n sales --crm-user 77</pre>",
                    "<pre>crmlink deny ada -n sales --crm-user 77</pre>",
                    "Setup &gt; Users",
                ],
            ),
        ] {
            for part in same.iter().chain(&own) {
                assert!(body.contains(part), "{part} is not in {body}");
            }
        }
    }

    #[test]
    fn what_people_write_is_text_and_never_markup_or_a_second_line() {
        let request = request("<b onclick='x'>\"A\" & B</b>\r\nBcc: x@y.example", "a@b.example");
        let MailBody { text, html } = request.body();
        assert!(
            text.contains("<b onclick='x'>\"A\" & B</b>Bcc: x@y.example (a@b.example) asks"),
            "{text}"
        );
        assert!(
            html.contains("&lt;b onclick=&#39;x&#39;&gt;&quot;A&quot; &amp; B&lt;/b&gt;Bcc"),
            "{html}"
        );
        assert!(!html.contains("<b "), "{html}");
        assert!(!request.subject().contains(['\r', '\n']));
    }

    #[test]
    fn an_address_stands_there_once() {
        let body = request("ada@example.com", "Ada@example.com").body();
        assert!(body.html.contains("<p>ada@example.com asks to join"));
        assert!(body.text.contains("\nada@example.com asks to join"));
    }
}
