@server @deposits
Feature: Deposits speak JSON in UTF-8

  @DEP-CT-01 @must
  Rule: requests and answers are JSON

    Scenario Outline: the answer to a <request> request, with the id of a deposit
      Given a <request> request that the server accepts
      Then its answer is JSON
      And its status is reported as AMB-27
      And the form of its id is reported as AMB-29

      Examples:
        | request        |
        | deposit        |
        | hosted deposit |

    Scenario: the answer to a refund request, with the id of a refund
      Given a refund request that the server accepts
      Then its answer is JSON
      And the form of its id is reported as AMB-29

    Scenario Outline: the answer to a <request> request
      Given a <request> request that the server accepts
      Then its answer is JSON

      Examples:
        | request               |
        | every deposits lookup |

    Scenario Outline: the answer to the retry of a <request> request
      Given a <request> request with an idempotency key that the server accepts
      When it is sent again with a fresh date and signature
      Then the last answer is JSON

      Examples:
        | request             |
        | every deposits POST |

    @full
    Scenario Outline: the answer to a <request> request that accepts <type>
      Given a <request> request that the server accepts
      When it is made with Accept: <type>
      Then the last answer is JSON

      Examples:
        | request               | type                                  |
        | every deposits lookup | every type that a browser asks for    |
        | every deposits POST   | every type that a browser asks for    |

    @alone
    Scenario Outline: an error 500 of a <request> request, and its replay
      Given a server that can be told to fail
      And a <request> request with an idempotency key
      When the server fails it with an error 500, and it is sent again
      Then each answer is JSON

      Examples:
        | request             |
        | every deposits POST |

    Scenario: the status of a deposit whose payer has signs that JSON escapes
      Given a deposit for a payer who has "Ana \ 'Aninha' <&> {,} "Silva"" in every field of text, where the target takes that
      When its status is asked for
      Then the last answer is JSON

    Scenario Outline: the refusal of a <request> request with a <fault>
      Given a <request> request that the server accepts
      When it is sent with every <fault>
      Then each refusal is JSON

      Examples:
        | request                       | fault                         |
        | every signed deposits request | fault whose refusal must be JSON |
        | every read-only request       | missing read-only key         |

    Scenario Outline: a <request> request whose body is no JSON object
      Given a <request> request that the server accepts
      When it is sent with every body that is no JSON object
      Then each is refused, and none has an effect

      Examples:
        | request             |
        | every deposits POST |

    Scenario Outline: a question about a <object> that is not there
      When the status of a <object> that is not there is asked for
      Then it was refused
      And its refusal was JSON

      Examples:
        | object  |
        | deposit |
        | refund  |

  @NOTIF-04 @must
  Rule: text is UTF-8

    Scenario Outline: a payer called <name>
      Given a deposit request that the server accepts
      When only its payer is called "<name>"
      Then it is accepted

      Examples:
        | name                       |
        | every name in letters      |

    @observed
    Scenario Outline: a payer called <name>, with signs that no page promises to take
      Given a deposit request that the server accepts
      When only its payer is called "<name>"
      Then it is accepted, or refused where AMB-48 is read as letters-only

      Examples:
        | name              |
        | Ana 🌸 / "Aninha" |
        | Łukasz <&> O'Neil |

    @full
    Scenario Outline: a deposit for <name>, as the server tells it
      Given a deposit for a payer who has "<name>" in every field of text
      When its status is asked for
      Then every field of text that it tells is as it was sent

      Examples:
        | name                  |
        | every name in letters |

    Scenario: a deposit for a payer whose name is escaped, as the server tells it
      Given a deposit for a payer who has "José Ñuñez 李" in every field of text, escaped
      When its status is asked for
      Then every field of text that it tells is as it was sent

    # A server may refuse such a name (AMB-48). One that takes it keeps it.
    @full
    Scenario Outline: a deposit for <name>, with letters of four bytes
      Given a deposit for a payer who has "<name>" in every field of text, where the target takes that
      When its status is asked for
      Then every field of text that it tells is as it was sent

      Examples:
        | name     |
        | 𠮷田 Taro |
        | Ana 🌸   |

    Scenario: a deposit for 𠮷田 Taro 🌸, escaped as two halves of each
      Given a deposit for a payer who has "𠮷田 Taro 🌸" in every field of text, escaped, where the target takes that
      When its status is asked for
      Then every field of text that it tells is as it was sent

    Scenario: a deposit for José Ñuñez 李, as the server tells it once it is paid
      Given a server that can be told to approve
      And a deposit for a payer who has "José Ñuñez 李" in every field of text
      When the deposit is paid
      And its status is asked for
      Then every field of text that it tells is as it was sent

    Scenario: emoji in the description
      Given a deposit request that the server accepts
      When only its description is "Pedido nº 7 🌸 – çãõ €"
      Then it is accepted

    Scenario: the status of a deposit whose payer lives in São Paulo
      Given a deposit status request that the server accepts
      Then its answer is JSON in UTF-8

    Scenario: a name that is escaped, and signed as it is escaped
      Given a deposit request that the server accepts
      When only its letters beyond ASCII are escaped
      Then it is accepted
