@server @deposits
Feature: A server notifies the merchant of deposits and refunds

  @NOTIF-01 @must
  Rule: a deposit notification carries an Authorization value

    Scenario: a deposit that is paid
      When a deposit is paid, and its notifications come to us
      Then every notification of it has Authorization
      And how it is signed is reported as AMB-30

    @observed
    Scenario: what else the notification of a deposit has
      When a deposit is paid, and its notifications come to us
      Then every notification of it is as the documents show one

  @DEP-SIG-04 @must
  Rule: the signature covers every byte of the body, so that the merchant notices a change of a notification

    Scenario: the notification of a deposit that is paid
      When a deposit is paid, and its notifications come to us
      Then every Authorization is the digest of what came with it

    Scenario: a notification that is repeated
      When a deposit is paid, and its notifications are answered 500
      And the first is repeated
      Then every Authorization is the digest of what came with it

    Scenario: the notification of a refund that is delivered
      When a refund is delivered, and its notifications come to us
      Then every Authorization is the digest of what came with it

  @NOTIF-06 @may @observed
  Rule: the same notification may be sent several times

    Scenario: one that is never taken
      When a deposit is paid, and its notifications are answered 500
      Then how often it comes is reported as AMB-33
      And it comes again after 5, 25, 125 and 625 minutes, and no more

    Scenario: one that is taken the third time
      When a deposit is paid, and its notifications are answered 500, 404 and then 204
      Then it comes again after 5 and 25 minutes, and no more

    Scenario: one of a refund that is answered 204
      When a refund is delivered, and its notifications are answered 204 and then 200
      Then whether it comes again is reported as AMB-34

    Scenario: a repeat is dated anew
      When a deposit is paid, and its notifications are answered 500
      And the first is repeated
      Then every notification of it is as the documents show one

    Scenario: a deposit that is cancelled
      When a deposit is cancelled, and its notifications come to us
      Then a notification of it comes
