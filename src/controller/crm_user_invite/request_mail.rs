//! The mail to somebody who may approve a request to join: pure. It is the one place where a person is named.

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

impl Request<'_> {
    /// The subject, one line.
    pub(super) fn subject(&self) -> String {
        let who: String = self.who.chars().filter(|letter| !letter.is_control()).collect();
        format!("{who} asks to join your Zoho CRM organisation")
    }

    /// The text, as HTML that reads well without its tags.
    pub(super) fn html(&self) -> String {
        let Self {
            organisation,
            namespace,
            name,
            approver,
            ..
        } = self;
        let who = if self.who.eq_ignore_ascii_case(self.address) {
            escaped(self.who)
        } else {
            format!("{} ({})", escaped(self.who), escaped(self.address))
        };
        let command = |verb: &str| {
            escaped(&format!(
                "crmlink {verb} {name} -n {namespace} --crm-user {approver}"
            ))
        };
        let lines = [
            "<p>Hello,</p>".to_owned(),
            format!(
                "<p>{who} asks to join the Zoho CRM organisation {}. You get this mail because your CRM profile may manage users. Nobody is added before one of you approves.</p>",
                escaped(organisation)
            ),
            format!(
                "<p>The request is the CrmUserInvite {}.</p>",
                escaped(&format!("{namespace}/{name}"))
            ),
            format!("<p>To approve it, run:</p>\n<pre>{}</pre>", command("approve")),
            format!(
                "<p>To turn it down, for good, run:</p>\n<pre>{}</pre>",
                command("deny")
            ),
            "<p>Or add the person yourself in Zoho (Setup &gt; Users): that counts as approval.</p>"
                .to_owned(),
            "<p>If you know nothing of this, do nothing.</p>".to_owned(),
        ];
        lines.join("\n")
    }
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
            letter if letter.is_control() => {}
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
        let (subject, html) = (request.subject(), request.html());
        assert_eq!(subject, "Ada Byron asks to join your Zoho CRM organisation");
        for part in [
            "Ada Byron (ada@example.com) asks to join the Zoho CRM organisation 4000",
            "the CrmUserInvite sales/ada",
            "<pre>crmlink approve ada -n sales --crm-user 77</pre>",
            "<pre>crmlink deny ada -n sales --crm-user 77</pre>",
            "Setup &gt; Users",
        ] {
            assert!(html.contains(part), "{part} is not in {html}");
        }
    }

    #[test]
    fn what_people_write_is_text_and_never_markup_or_a_second_line() {
        let request = request("<b onclick='x'>\"A\" & B</b>\r\nBcc: x@y.example", "a@b.example");
        let html = request.html();
        assert!(
            html.contains("&lt;b onclick=&#39;x&#39;&gt;&quot;A&quot; &amp; B&lt;/b&gt;Bcc"),
            "{html}"
        );
        assert!(!html.contains("<b "), "{html}");
        assert!(!request.subject().contains(['\r', '\n']));
    }

    #[test]
    fn an_address_stands_there_once() {
        let html = request("ada@example.com", "Ada@example.com").html();
        assert!(html.contains("<p>ada@example.com asks to join"), "{html}");
    }
}
